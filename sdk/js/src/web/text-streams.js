// TextEncoderStream and TextDecoderStream, by the Encoding Standard.

import { TextDecoder, TextEncoder } from './encoding.js';
import { TransformStream } from './streams.js';

class TextStream {
  #transform;

  constructor(transformer) {
    this.#transform = new TransformStream(transformer);
  }

  get readable() {
    return this.#transform.readable;
  }

  get writable() {
    return this.#transform.writable;
  }
}

export class TextEncoderStream extends TextStream {
  constructor() {
    const encoder = new TextEncoder();
    /** The first half of a pair of surrogates, whose second half may come with the next piece. */
    let half = '';
    super({
      transform(piece, controller) {
        let text = half + String(piece);
        half = /[\ud800-\udbff]$/.exec(text)?.[0] ?? '';
        text = text.slice(0, text.length - half.length);
        if (text !== '') controller.enqueue(encoder.encode(text));
      },
      flush(controller) {
        if (half !== '') controller.enqueue(encoder.encode(half));
      },
    });
  }

  get encoding() {
    return 'utf-8';
  }

  get [Symbol.toStringTag]() {
    return 'TextEncoderStream';
  }
}

export class TextDecoderStream extends TextStream {
  #decoder;

  constructor(label = 'utf-8', options = {}) {
    const decoder = new TextDecoder(label, options);
    const enqueue = (text, controller) => text !== '' && controller.enqueue(text);
    super({
      transform(piece, controller) {
        enqueue(decoder.decode(piece, { stream: true }), controller);
      },
      flush(controller) {
        enqueue(decoder.decode(), controller);
      },
    });
    this.#decoder = decoder;
  }

  get encoding() {
    return this.#decoder.encoding;
  }

  get fatal() {
    return this.#decoder.fatal;
  }

  get ignoreBOM() {
    return this.#decoder.ignoreBOM;
  }

  get [Symbol.toStringTag]() {
    return 'TextDecoderStream';
  }
}
