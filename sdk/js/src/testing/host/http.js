// The contract's interface `http`, for a room of a test. Its host allows requests to every server.

import { bytes, refused, sizeOf } from './refused.js';

const MOST_REQUESTS = 32;
const LARGEST_BODY = 4 << 20;
const LARGEST_CONTEXT = 64 << 10;

/** Headers that the host sets itself. */
const OF_THE_HOST = [
  'host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'expect',
];

export const http = (state) => ({
  fetch(request, context) {
    const wrong = problem(request);
    if (wrong) throw refused('invalid', wrong);
    const kept = bytes(context);
    const body = request.body === undefined || request.body === null ? undefined : bytes(request.body);
    if (body?.length > LARGEST_BODY) throw refused('too-big', `the body has ${body.length} bytes, more than the ${LARGEST_BODY} that this host allows`);
    if (kept.length > LARGEST_CONTEXT) throw refused('too-big', `the context has ${kept.length} bytes, more than ${LARGEST_CONTEXT}`);
    if (state.requests.size >= MOST_REQUESTS) throw refused('room-full', undefined);
    state.lastRequest += 1;
    state.requests.set(state.lastRequest, { ...request, body, context: kept });
    return state.lastRequest;
  },

  cancel(id) {
    state.requests.delete(id);
  },
});

/** Tells what of a request the host does not accept. */
function problem({ method, url, headers }) {
  if (!/^[A-Z]+$/.test(method) || ['CONNECT', 'TRACE'].includes(method)) return `the method ${method} is not allowed`;
  if (!/^https?:\/\//.test(url)) return `the URL ${url} is neither http nor https`;
  for (const [name, value] of headers) {
    if (OF_THE_HOST.includes(name)) return `the header ${name} is set by the host`;
    if (/[^\t\x20-\x7e]/.test(value) || sizeOf(name) === 0) return `the value of the header ${name} has characters that are not allowed`;
  }
  return undefined;
}
