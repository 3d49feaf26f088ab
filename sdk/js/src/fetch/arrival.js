// A body that arrives from the host, piece by piece.

import { failed } from './failure.js';

/** The bytes that wait to be read, at most. The host cannot be told to read more slowly. */
const MOST_WAITING = 8 << 20;

export class Arrival {
  #pieces = [];
  #size = 0;
  /** The end of the body: `{}`, or `{ error }`. */
  #end;
  /** Wakes the reader that waits. */
  #wake = () => {};
  #giveUp;

  /** `giveUp` is called when nobody wants the rest. */
  constructor(giveUp) {
    this.#giveUp = giveUp;
  }

  push(piece) {
    if (this.#end || piece.length === 0) return;
    if (this.#size + piece.length > MOST_WAITING) {
      this.#giveUp();
      this.#pieces = [];
      this.fail(failed('too-big', 'more than 8 MiB of the body wait to be read'));
      return;
    }
    this.#pieces.push(piece);
    this.#size += piece.length;
    this.#wake();
  }

  end() {
    this.#end ??= {};
    this.#wake();
  }

  /** Ends the body behind what has come. */
  fail(error) {
    this.#end ??= { error };
    this.#wake();
  }

  /** Returns a promise of the next piece, or of nothing at the end. One reader reads at a time. */
  async read() {
    while (this.#pieces.length === 0) {
      if (this.#end && 'error' in this.#end) throw this.#end.error;
      if (this.#end) return undefined;
      await new Promise((wake) => (this.#wake = wake));
    }
    const piece = this.#pieces.shift();
    this.#size -= piece.length;
    return piece;
  }

  async cancel() {
    if (!this.#end) this.#giveUp();
    this.#end ??= {};
    this.#pieces = [];
    this.#wake();
  }
}
