// Blob, by the File API. `blob-stream.js` has its `stream`.

import { decode, encode } from 'ws-host:engine';

import { bytesOf } from './bytes.js';

/** Returns the bytes of a blob, which nobody may change. */
let inner;

export class Blob {
  #bytes;
  #type;

  constructor(parts = [], options = undefined) {
    if (parts === null || typeof parts !== 'object' || typeof parts[Symbol.iterator] !== 'function') {
      throw new TypeError('a Blob is made of a list of parts');
    }
    const ending = options?.endings ?? 'transparent';
    if (ending !== 'transparent' && ending !== 'native') throw new TypeError('endings are transparent or native');
    const pieces = Array.from(parts, (part) => piece(part, ending));
    this.#bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const one of pieces) {
      this.#bytes.set(one, at);
      at += one.length;
    }
    this.#type = typeOf(options?.type);
  }

  get size() {
    return this.#bytes.length;
  }

  get type() {
    return this.#type;
  }

  async arrayBuffer() {
    return this.#bytes.slice().buffer;
  }

  async bytes() {
    return this.#bytes.slice();
  }

  async text() {
    return decode(this.#bytes, false).replace(/^\ufeff/, '');
  }

  slice(start = 0, end = this.size, type = '') {
    const part = new Blob([], { type });
    part.#bytes = this.#bytes.slice(start, end);
    return part;
  }

  get [Symbol.toStringTag]() {
    return 'Blob';
  }

  static {
    inner = (blob) => blob.#bytes;
  }
}

/** Adds `stream` to Blob. `make` makes a stream of bytes. */
export function blobStreams(make) {
  const { stream } = { stream() { return make(inner(this)); } };
  Object.defineProperty(Blob.prototype, 'stream', { value: stream, writable: true, configurable: true });
}

function piece(part, ending) {
  if (part instanceof Blob) return inner(part);
  if (part instanceof ArrayBuffer || ArrayBuffer.isView(part)) return bytesOf(part);
  const text = String(part);
  return encode(ending === 'native' ? text.replace(/\r\n?/g, '\n') : text);
}

function typeOf(type = '') {
  const text = String(type);
  return /[^\x20-\x7e]/.test(text) ? '' : text.toLowerCase();
}
