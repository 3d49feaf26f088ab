// `fetch`, by the Fetch Standard, on requests of the host. It follows redirects itself, since the host follows none.

import { isRunning } from '../phase.js';
import { contentOf } from '../web/body.js';
import { Content } from '../web/content.js';
import { Headers, legible } from '../web/headers.js';
import { Request, signalOf } from '../web/request.js';
import { hasNoBody, isRedirect, made } from '../web/response.js';
import { contextOf } from './context.js';
import { exchange } from './exchange.js';
import { failed } from './failure.js';

const MOST_REDIRECTS = 20;

/** Headers that belong to the connection, and `accept-encoding`: the host decodes no encoding. Browsers leave them out too. */
const NOT_SENT = new Set([
  'accept-encoding', 'connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade',
]);

/** Headers about a body, which go with it. */
const OF_BODY = ['content-encoding', 'content-language', 'content-location', 'content-type'];

/** Headers that only the first origin may see. */
const SECRET = ['authorization', 'cookie', 'proxy-authorization'];

export async function fetch(input, init = undefined) {
  const request = new Request(input, init);
  const signal = signalOf(request);
  signal?.throwIfAborted();
  if (!isRunning()) throw failed('invalid', 'fetch can be called only in handlers, not while the module loads');
  if (request.integrity) throw failed('invalid', '`integrity` is not supported: check the bytes with crypto.subtle.digest');
  const content = contentOf(request);
  // Without a wait, so that the request belongs to the event that asks, and is dropped with it.
  const bytes = content?.known ?? (content ? await content.all() : undefined);
  signal?.throwIfAborted();
  const headers = new Headers(request.headers);
  if (!headers.has('accept')) headers.set('accept', '*/*');
  const asked = { method: request.method, url: request.url, headers, bytes, isStreamed: content !== null && !content.known };
  return followed(asked, request.redirect, init, signal);
}

/** Asks until an answer is no redirect. */
async function followed(asked, redirect, { stream = true, context } = {}, signal) {
  const kept = contextOf(asked, context);
  for (let count = 0; ; count += 1) {
    const answer = await exchange(sent(asked, stream), kept, signal);
    const location = isRedirect(answer.status) ? locationOf(answer.headers) : undefined;
    if (location === undefined || redirect === 'manual') return responseOf(answer, asked, count > 0);
    answer.arrival?.cancel();
    if (redirect === 'error') throw failed('redirect', `${asked.url} redirects to ${location}`);
    if (count === MOST_REDIRECTS) throw failed('redirect', `more than ${MOST_REDIRECTS} redirects`);
    asked = next(asked, location, answer.status);
    signal?.throwIfAborted();
  }
}

/** Returns the request for the contract. */
function sent({ method, url, headers, bytes }, stream) {
  return { method, url, headers: [...headers].filter(([name]) => !NOT_SENT.has(name)), body: bytes, stream: Boolean(stream) };
}

function locationOf(headers) {
  return headers.find(([name]) => name === 'location')?.[1];
}

/** Returns the request that a redirect leads to, by "HTTP-redirect fetch" of the standard. */
function next(asked, location, status) {
  const from = new URL(asked.url);
  if (!URL.canParse(location, from)) throw failed('redirect', `${asked.url} redirects to ${location}, which is no URL`);
  const to = new URL(location, from);
  if (to.protocol !== 'http:' && to.protocol !== 'https:') throw failed('redirect', `${asked.url} redirects to ${to.protocol}`);
  if (to.username !== '' || to.password !== '') throw failed('redirect', `${asked.url} redirects to a URL that includes credentials`);
  if (to.hash === '') to.hash = from.hash;
  const headers = new Headers(asked.headers);
  let { method, bytes, isStreamed } = asked;
  if ((status === 303 && method !== 'GET' && method !== 'HEAD') || ((status === 301 || status === 302) && method === 'POST')) {
    [method, bytes, isStreamed] = ['GET', undefined, false];
    for (const name of OF_BODY) headers.delete(name);
  }
  if (isStreamed) throw failed('redirect', `${asked.url} redirects a request whose body is a stream, which cannot be sent again`);
  if (to.origin !== from.origin) for (const name of SECRET) headers.delete(name);
  return { method, url: to.href, headers, bytes, isStreamed };
}

/** Makes the response of an answer. */
export function responseOf({ status, headers, bytes, arrival }, { method, url }, isRedirected = false) {
  const its = { status, headers: legible(headers), url: url.replace(/#.*$/, ''), isRedirected, type: 'basic' };
  // The host tells the end of an empty body too, and nothing waits for it.
  if (method === 'HEAD' || hasNoBody(status)) return made(its);
  return made({ ...its, content: new Content(arrival ? { source: arrival } : { bytes }) });
}
