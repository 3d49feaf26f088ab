// Blob, by the File API. `blob-stream.js` has its `stream`.

import { decode, encode } from 'ws-host:engine';

import { bytesOf, joined } from './bytes.js';
import { copied } from './copied.js';

/** Returns the bytes of a blob, which nobody may change. */
export let blobBytes;

export class Blob {
  #bytes;
  #type;

  constructor(parts = [], options = undefined) {
    if (parts === null || typeof parts !== 'object' || typeof parts[Symbol.iterator] !== 'function') {
      throw new TypeError('a Blob is made of a list of parts');
    }
    const ending = options?.endings ?? 'transparent';
    if (ending !== 'transparent' && ending !== 'native') throw new TypeError('endings are transparent or native');
    // A copy, since the parts may change.
    this.#bytes = joined([new Uint8Array(), ...Array.from(parts, (part) => piece(part, ending))]);
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

  [copied]() {
    return this.slice(0, this.size, this.#type);
  }

  get [Symbol.toStringTag]() {
    return 'Blob';
  }

  static {
    blobBytes = (blob) => blob.#bytes;
  }
}

/** Adds `stream` to Blob. `make` makes a stream of bytes. */
export function blobStreams(make) {
  const { stream } = { stream() { return make(blobBytes(this)); } };
  Object.defineProperty(Blob.prototype, 'stream', { value: stream, writable: true, configurable: true });
}

function piece(part, ending) {
  if (part instanceof Blob) return blobBytes(part);
  if (part instanceof ArrayBuffer || ArrayBuffer.isView(part)) return bytesOf(part);
  const text = String(part);
  return encode(ending === 'native' ? text.replace(/\r\n?/g, '\n') : text);
}

function typeOf(type = '') {
  const text = String(type);
  return /[^\x20-\x7e]/.test(text) ? '' : text.toLowerCase();
}
