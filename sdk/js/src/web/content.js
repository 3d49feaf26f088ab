// The content of a body: bytes, or pieces that come. A stream is made of it when the code asks for one.

import { bytesOf, joined } from './bytes.js';
import { split } from './split.js';

/**
 * A content has `bytes`, a `stream`, or a `source`: an object whose `read` returns a promise of the next piece, or of nothing at the end,
 * and whose `cancel` gives the rest up.
 */
export class Content {
  #bytes;
  #source;
  #stream;
  #isUsed = false;

  constructor({ bytes, source, stream }) {
    this.#bytes = bytes;
    this.#source = source;
    this.#stream = stream;
  }

  /** The bytes, if they are known already and unused. */
  get known() {
    return this.#stream || this.#isUsed ? undefined : this.#bytes;
  }

  get isUsed() {
    // Only web-streams-polyfill tells it of a stream that the application has made.
    return this.#isUsed || (this.#stream?._disturbed ?? false);
  }

  get isLocked() {
    return this.#stream?.locked ?? false;
  }

  get stream() {
    return (this.#stream ??= this.#streamed(this.#bytes ? whole(this.#bytes) : this.#source));
  }

  /** Throws if it is used, or being read. */
  check() {
    if (this.isUsed || this.isLocked) throw new TypeError('Body is unusable: it has been read already, or is being read');
  }

  /** Returns all bytes, which the caller must not change. */
  async all() {
    this.check();
    const { known } = this;
    this.#isUsed = true;
    if (known) return known;
    const source = this.reader();
    const pieces = [];
    for (let piece = await source.read(); piece; piece = await source.read()) pieces.push(piece);
    return joined(pieces);
  }

  /** Returns a source of the content. */
  reader() {
    return this.#stream ? sourceOf(this.#stream) : (this.#source ?? whole(this.#bytes));
  }

  /** Hands the content over: this one is used from now on. */
  moved() {
    this.check();
    const moved = new Content({ bytes: this.#bytes, source: this.#source, stream: this.#stream });
    this.#isUsed = true;
    this.#stream = undefined;
    return moved;
  }

  /** Returns a second content with the same bytes. */
  clone() {
    this.check();
    if (this.#stream) {
      const [own, other] = this.#stream.tee();
      this.#stream = own;
      return new Content({ stream: other });
    }
    if (this.#bytes) return new Content({ bytes: this.#bytes });
    const [own, other] = split(this.#source);
    this.#source = own;
    return new Content({ source: other });
  }

  #streamed(source) {
    const { ReadableStream } = globalThis;
    if (!ReadableStream) throw new TypeError('this component has no streams: name ReadableStream in its source');
    return new ReadableStream({
      type: 'bytes',
      pull: async (controller) => {
        this.#isUsed = true;
        const piece = await source.read();
        if (piece) {
          controller.enqueue(piece);
          return;
        }
        controller.close();
        controller.byobRequest?.respond(0);
      },
      cancel: (reason) => {
        this.#isUsed = true;
        return source.cancel(reason);
      },
    }, { highWaterMark: 0 });
  }
}

/** A source of bytes that are known. The stream takes each piece away, hence the copies. */
function whole(bytes) {
  let at = 0;
  return {
    async read() {
      if (at === bytes.length) return undefined;
      const piece = bytes.slice(at, at + 65_536);
      at += piece.length;
      return piece;
    },
    async cancel() {
      at = bytes.length;
    },
  };
}

/** A source that reads a stream of the application. */
function sourceOf(stream) {
  const reader = stream.getReader();
  return {
    async read() {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return undefined;
        if (!(value instanceof Uint8Array)) throw new TypeError(`a stream of a body has pieces that are a Uint8Array, not ${typeof value}`);
        if (value.length > 0) return bytesOf(value);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  };
}
