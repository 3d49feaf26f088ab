// Blob, by the File API, without streams.

import { decode, encode } from 'ws-host:engine';

import { bytesOf } from './bytes.js';

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

  static bytesOf(blob) {
    return blob.#bytes;
  }
}

const inner = Blob.bytesOf;
delete Blob.bytesOf;

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
