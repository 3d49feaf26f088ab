// Response, by the Fetch Standard.

import { Body, contentOf, extracted } from './body.js';
import { freeze, Headers } from './headers.js';

const NO_BODY = [101, 103, 204, 205, 304];
const REDIRECTS = [301, 302, 303, 307, 308];

/** With this key a response has what code cannot give: a URL, or the status of an error. */
const KEY = Symbol('response');

export class Response extends Body {
  #headers;
  #status = 200;
  #statusText = '';
  #type = 'default';
  #url = '';
  #isRedirected = false;

  constructor(body = null, init = undefined, made = undefined) {
    if (made?.key === KEY) {
      super(made.content);
      this.#headers = freeze(new Headers(made.headers));
      this.#status = made.status;
      this.#statusText = made.statusText ?? '';
      this.#type = made.type;
      this.#url = made.url ?? '';
      this.#isRedirected = made.isRedirected ?? false;
      return;
    }
    const status = init?.status === undefined ? 200 : Math.trunc(Number(init.status));
    if (!(status >= 200 && status <= 599)) throw new RangeError(`the status of a response is 200 to 599, not ${init.status}`);
    const statusText = String(init?.statusText ?? '');
    if (/[^\t\x20-\x7e\x80-\xff]/.test(statusText)) throw new TypeError('the status text of a response is one line of bytes');
    const { content, type } = extracted(body);
    if (content && NO_BODY.includes(status)) throw new TypeError(`a response with status ${status} has no body`);
    super(content);
    this.#headers = new Headers(init?.headers);
    if (type && !this.#headers.has('content-type')) this.#headers.append('content-type', type);
    this.#status = status;
    this.#statusText = statusText;
  }

  static error() {
    return made({ status: 0, type: 'error' });
  }

  static json(data, init = undefined) {
    const text = JSON.stringify(data);
    if (text === undefined) throw new TypeError(`a response has JSON, not ${typeof data}`);
    const headers = new Headers(init?.headers);
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    return new Response(text, { ...init, headers });
  }

  static redirect(url, status = 302) {
    const location = new URL(url).href;
    if (!REDIRECTS.includes(status)) throw new RangeError(`the status of a redirect is 301, 302, 303, 307 or 308, not ${status}`);
    return made({ status, headers: { location }, type: 'default' });
  }

  clone() {
    const content = contentOf(this)?.clone() ?? null;
    const clone = made({ content, status: this.#status, statusText: this.#statusText, type: this.#type, url: this.#url, isRedirected: this.#isRedirected });
    clone.#headers = new Headers(this.#headers);
    return clone;
  }

  get headers() {
    return this.#headers;
  }

  get ok() {
    return this.#status >= 200 && this.#status <= 299;
  }

  get redirected() {
    return this.#isRedirected;
  }

  get status() {
    return this.#status;
  }

  get statusText() {
    return this.#statusText;
  }

  get type() {
    return this.#type;
  }

  get url() {
    return this.#url;
  }

  get [Symbol.toStringTag]() {
    return 'Response';
  }
}

/** Makes a response that code cannot make. */
export function made({ content = null, headers = [], ...its }) {
  return new Response(null, undefined, { key: KEY, content, headers, ...its });
}

/** Whether a response with this status has no body. */
export function hasNoBody(status) {
  return NO_BODY.includes(status);
}

/** Whether a status is that of a redirect. */
export function isRedirect(status) {
  return REDIRECTS.includes(status);
}
