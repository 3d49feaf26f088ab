// Body, by the Fetch Standard: the common part of Request and Response. `body-forms.js` has the forms.

import { decode, encode } from 'ws-host:engine';

import { Blob, blobBytes } from './blob.js';
import { bytesOf } from './bytes.js';
import { Content } from './content.js';

/** Returns the content of a body, or null. */
export let contentOf;

/** The functions for forms: `encoded(form)` gives bytes and type, `parsed(bytes, type)` a form. */
let forms;

/** Adds forms to bodies. */
export function bodyForms(functions) {
  forms = functions;
}

export class Body {
  #content;

  constructor(content) {
    this.#content = content;
  }

  get body() {
    return this.#content?.stream ?? null;
  }

  get bodyUsed() {
    return this.#content?.isUsed ?? false;
  }

  async arrayBuffer() {
    return (await this.bytes()).buffer;
  }

  async blob() {
    return new Blob([await this.#all()], { type: this.#type ?? '' });
  }

  async bytes() {
    // A clone may have the same bytes, and a piece of a stream a part of a larger buffer.
    return (await this.#all()).slice();
  }

  async formData() {
    if (!forms) throw new TypeError('this component has no forms: name FormData in its source');
    return forms.parsed(await this.#all(), this.#type ?? '');
  }

  async json() {
    return JSON.parse(await this.text());
  }

  async text() {
    return decode(await this.#all(), false).replace(/^\ufeff/, '');
  }

  get #type() {
    return this.headers.get('content-type');
  }

  async #all() {
    return this.#content ? this.#content.all() : new Uint8Array();
  }

  static {
    contentOf = (body) => body.#content;
  }
}

/** Returns the content of what code gives as a body, and its type, if it tells one. */
export function extracted(body) {
  if (body === null || body === undefined) return { content: null };
  const { bytes, stream, type } = read(body);
  return { content: new Content({ bytes, stream }), type };
}

function read(body) {
  if (typeof body !== 'object') return { bytes: encode(String(body).toWellFormed()), type: 'text/plain;charset=UTF-8' };
  if (body instanceof Blob) return { bytes: blobBytes(body), type: body.type || undefined };
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return { bytes: bytesOf(body).slice() };
  if (typeof body.getReader === 'function') {
    if (body.locked || body._disturbed) throw new TypeError('the stream of a body is neither locked nor read before');
    return { stream: body };
  }
  const kind = Object.prototype.toString.call(body);
  if (kind === '[object URLSearchParams]') return { bytes: encode(String(body)), type: 'application/x-www-form-urlencoded;charset=UTF-8' };
  if (kind === '[object FormData]' && forms) return forms.encoded(body);
  // As in Node.js and Deno, though not in the standard.
  if (typeof body[Symbol.asyncIterator] === 'function') return { stream: globalThis.ReadableStream.from(body) };
  return { bytes: encode(String(body)), type: 'text/plain;charset=UTF-8' };
}
