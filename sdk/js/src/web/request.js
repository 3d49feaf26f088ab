// Request, by the Fetch Standard.

import { Body, contentOf, extracted } from './body.js';
import { Headers } from './headers.js';

const TOKEN = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
const FORBIDDEN = ['CONNECT', 'TRACE', 'TRACK'];
const NORMAL = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'];
const CHOICES = {
  cache: ['default', 'no-store', 'reload', 'no-cache', 'force-cache', 'only-if-cached'],
  credentials: ['same-origin', 'omit', 'include'],
  mode: ['cors', 'same-origin', 'no-cors'],
  redirect: ['follow', 'error', 'manual'],
};

/** With this key a clone has a content of its own. */
const KEY = Symbol('request');

/** Returns the signal that code has given to a request, if it has. */
export let signalOf;

/** Makes a request that a client of the host has sent. */
export let incoming;

/** Aborts the signal of an incoming request, also one that code has not asked for yet. */
export let abort;

export class Request extends Body {
  #url;
  #method;
  #headers;
  #signal;
  /** Of the signal that the request has made itself. */
  #controller;
  #isAborted = false;
  /** `redirect`, and the settings on which the host does not act. */
  #choices;

  constructor(input, init = undefined, made = undefined) {
    if (arguments.length === 0) throw new TypeError('a Request has a URL');
    const from = input instanceof Request ? input : undefined;
    const url = from ? from.#url : parsed(input);
    const method = init?.method === undefined ? (from?.#method ?? 'GET') : methodOf(init.method);
    const { content, type } = made?.key === KEY ? made : bodyOf(from, init ?? {}, method);
    super(content);
    this.#url = url;
    this.#method = method;
    this.#headers = new Headers(init?.headers ?? from?.#headers);
    if (type && !this.#headers.has('content-type')) this.#headers.append('content-type', type);
    this.#signal = signalIn(init, from);
    this.#choices = choices(init, from?.#choices);
  }

  clone() {
    const content = contentOf(this)?.clone() ?? null;
    const init = { method: this.#method, headers: this.#headers, signal: this.#signal, ...this.#choices };
    return new Request(this.#url, init, { key: KEY, content });
  }

  get url() {
    return this.#url;
  }

  get method() {
    return this.#method;
  }

  get headers() {
    return this.#headers;
  }

  get signal() {
    if (!this.#signal) {
      this.#controller = new AbortController();
      this.#signal = this.#controller.signal;
      if (this.#isAborted) this.#controller.abort();
    }
    return this.#signal;
  }

  get redirect() {
    return this.#choices.redirect;
  }

  get cache() {
    return this.#choices.cache;
  }

  get credentials() {
    return this.#choices.credentials;
  }

  get mode() {
    return this.#choices.mode;
  }

  get integrity() {
    return this.#choices.integrity;
  }

  get keepalive() {
    return this.#choices.keepalive;
  }

  get referrer() {
    return 'about:client';
  }

  get referrerPolicy() {
    return '';
  }

  get destination() {
    return '';
  }

  get duplex() {
    return 'half';
  }

  get [Symbol.toStringTag]() {
    return 'Request';
  }

  static {
    signalOf = (request) => request.#signal;
    incoming = (url, { method, headers, content }) => new Request(url, { method, headers }, { key: KEY, content });
    abort = (request) => {
      request.#isAborted = true;
      request.#controller?.abort();
    };
  }
}

function parsed(input) {
  let url;
  try {
    url = new URL(input);
  } catch (cause) {
    throw new TypeError(`Failed to parse URL from ${input}`, { cause });
  }
  if (url.username !== '' || url.password !== '') throw new TypeError(`Request cannot be constructed from a URL that includes credentials: ${input}`);
  return url.href;
}

function methodOf(given) {
  const method = String(given);
  const upper = method.toUpperCase();
  if (!TOKEN.test(method) || FORBIDDEN.includes(upper)) throw new TypeError(`'${method}' is not a valid HTTP method`);
  return NORMAL.includes(upper) ? upper : method;
}

/** Returns the content of a request and its type. A request that is made of another one takes its body over. */
function bodyOf(from, init, method) {
  const given = extracted(init.body);
  const its = from && contentOf(from);
  if ((given.content || its) && (method === 'GET' || method === 'HEAD')) throw new TypeError('Request with GET/HEAD method cannot have body');
  if (given.content) {
    if (!given.content.known && init.duplex !== 'half') throw new TypeError("a request whose body is a stream has `duplex: 'half'`");
    return given;
  }
  return { content: its ? its.moved() : null };
}

function signalIn(init, from) {
  const given = init?.signal === undefined ? from?.signal : init.signal;
  if (given === null || given === undefined) return undefined;
  if (typeof given.aborted !== 'boolean' || typeof given.addEventListener !== 'function') throw new TypeError('the signal of a request is an AbortSignal');
  return given;
}

function choices(init, earlier = { cache: 'default', credentials: 'same-origin', mode: 'cors', redirect: 'follow', integrity: '', keepalive: false }) {
  const all = { ...earlier };
  for (const [name, values] of Object.entries(CHOICES)) {
    if (init?.[name] === undefined) continue;
    const value = String(init[name]);
    if (!values.includes(value)) throw new TypeError(`\`${name}\` of a request is one of ${values.join(', ')}, not ${value}`);
    all[name] = value;
  }
  if (init?.integrity !== undefined) all.integrity = String(init.integrity);
  if (init?.keepalive !== undefined) all.keepalive = Boolean(init.keepalive);
  return all;
}
