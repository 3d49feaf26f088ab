// TextEncoder and TextDecoder, by the Encoding Standard.

import { decode, decoder, encode, encodingName } from 'ws-host:engine';

import { bytesOf } from './bytes.js';

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
  #encoding;
  #fatal;
  #ignoreBOM;
  /** Decodes a piece. It has the bytes of a character that a later piece completes. */
  #piece;
  #isWithinText = false;

  constructor(label = 'utf-8', options = {}) {
    this.#encoding = encodingName(String(label)) ?? undefined;
    if (!this.#encoding) throw new RangeError(`the Encoding Standard has no encoding ${label}`);
    this.#fatal = Boolean(options?.fatal);
    this.#ignoreBOM = Boolean(options?.ignoreBOM);
  }

  get encoding() {
    return this.#encoding;
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  decode(input = NOTHING, options = undefined) {
    const bytes = bytesOf(input);
    const continues = Boolean(options?.stream);
    if (this.#encoding === 'utf-8' && !continues && !this.#isWithinText) return this.#whole(bytes);
    this.#isWithinText = continues;
    this.#piece ??= decoder(this.#encoding, this.#fatal, this.#ignoreBOM);
    return this.#piece(bytes, !continues);
  }

  /** Decodes a whole text in UTF-8, which needs no memory of pieces before. */
  #whole(bytes) {
    const text = decode(bytes, this.#fatal);
    return !this.#ignoreBOM && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  get [Symbol.toStringTag]() {
    return 'TextDecoder';
  }
}
