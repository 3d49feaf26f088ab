// The answer of the application to a plain HTTP request, in a test which plays the client. `testing.d.ts` documents it.

const decoder = new TextDecoder();

export class Reply {
  #id;
  #room;
  /** The number of pieces that the test has heard. */
  #heard = 0;

  /** `room` has `reply(id)` and `leaves(id)`. */
  constructor(id, room) {
    this.#id = id;
    this.#room = room;
  }

  get status() {
    return this.#reply.head?.status;
  }

  get headers() {
    return new Headers(this.#reply.head?.headers);
  }

  get bytes() {
    return new Uint8Array(Buffer.concat(this.#reply.pieces));
  }

  get text() {
    return decoder.decode(this.bytes);
  }

  get isOver() {
    return this.#reply.isOver;
  }

  get isCut() {
    return this.#reply.isCut === true;
  }

  hears() {
    const pieces = this.#reply.pieces.slice(this.#heard).map((piece) => decoder.decode(piece));
    this.#heard += pieces.length;
    return pieces;
  }

  leaves() {
    return this.#room.leaves(this.#id);
  }

  get #reply() {
    return this.#room.reply(this.#id);
  }
}
