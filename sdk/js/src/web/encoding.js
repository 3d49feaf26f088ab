// TextEncoder and TextDecoder, by the Encoding Standard, for UTF-8.

import { decode, encode } from 'ws-host:engine';

import { bytesOf } from './bytes.js';

const LABELS = new Set(['utf-8', 'utf8', 'unicode-1-1-utf-8', 'unicode11utf8', 'unicode20utf8', 'x-unicode20utf8']);

const NOTHING = new Uint8Array();

export class TextEncoder {
  get encoding() {
    return 'utf-8';
  }

  encode(text = '') {
    return encode(String(text));
  }

  /** Writes as many whole characters as fit. */
  encodeInto(text, into) {
    const source = String(text);
    if (!(into instanceof Uint8Array)) throw new TypeError('encodeInto writes into a Uint8Array');
    // No more units can fit than there are bytes, which spares the rest of a long text.
    const bytes = encode(source.length > into.length ? source.slice(0, into.length) : source);
    if (bytes.length <= into.length && source.length <= into.length) {
      into.set(bytes);
      return { read: source.length, written: bytes.length };
    }
    let written = Math.min(into.length, bytes.length);
    // A character that does not fit is left out whole.
    while (written > 0 && written < bytes.length && (bytes[written] & 0xc0) === 0x80) written -= 1;
    let fitting = bytes.subarray(0, written);
    let read = decode(fitting, false).length;
    // The cut above may split a pair of surrogates, whose half is no character.
    if (source.length > read && isHalf(source, read)) {
      read -= 1;
      written -= 3;
      fitting = bytes.subarray(0, written);
    }
    into.set(fitting);
    return { read, written };
  }

  get [Symbol.toStringTag]() {
    return 'TextEncoder';
  }
}

/** Whether the text ends between the two halves of a pair. */
function isHalf(text, end) {
  const [before, after] = [text.charCodeAt(end - 1), text.charCodeAt(end)];
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
}

export class TextDecoder {
  #fatal;
  #ignoreBOM;
  /** The bytes of a character that a later piece completes. */
  #rest = NOTHING;
  /** Whether a byte order mark may come. */
  #atStart = true;

  constructor(label = 'utf-8', options = {}) {
    const name = String(label).trim().toLowerCase();
    if (!LABELS.has(name)) throw new RangeError(`a guest's TextDecoder knows only utf-8, not ${label}`);
    this.#fatal = Boolean(options?.fatal);
    this.#ignoreBOM = Boolean(options?.ignoreBOM);
  }

  get encoding() {
    return 'utf-8';
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  decode(input = NOTHING, options = undefined) {
    const stream = Boolean(options?.stream);
    let bytes = joined(this.#rest, bytesOf(input));
    this.#rest = NOTHING;
    if (stream) {
      const end = bytes.length - unfinished(bytes);
      this.#rest = bytes.slice(end);
      bytes = bytes.subarray(0, end);
    }
    try {
      const text = decode(bytes, this.#fatal);
      const isMarked = this.#atStart && !this.#ignoreBOM && text.charCodeAt(0) === 0xfeff;
      if (bytes.length > 0) this.#atStart = false;
      return isMarked ? text.slice(1) : text;
    } finally {
      if (!stream) this.#atStart = true;
    }
  }

  get [Symbol.toStringTag]() {
    return 'TextDecoder';
  }
}

function joined(first, second) {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** The number of bytes at the end that begin a character without completing it. */
function unfinished(bytes) {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back];
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 && byte < 0xf5 ? 4 : byte >= 0xe0 && byte < 0xf0 ? 3 : byte >= 0xc2 && byte < 0xe0 ? 2 : 1;
    return length > back && mayFollow(byte, bytes[bytes.length - back + 1]) ? back : 0;
  }
  return 0;
}

/** Whether this second byte can follow the first, by the table of the Encoding Standard. */
function mayFollow(first, second) {
  if (second === undefined) return true;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  return second >= least && second <= most;
}
