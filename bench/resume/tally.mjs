// An account of the numbered messages of one sender to one receiver.

export class Tally {
  #seen = new Set();
  #last = 0;
  doubled = 0;
  disordered = 0;

  /** Message `number` has come. The first one is 1. */
  note(number) {
    if (this.#seen.has(number)) this.doubled++;
    else if (number < this.#last) this.disordered++;
    this.#seen.add(number);
    this.#last = Math.max(this.#last, number);
  }

  /** How many of this many messages have not come. */
  lost(sent) {
    return sent - this.#seen.size;
  }

  /** The account of this many messages. */
  account(sent) {
    return { lost: this.lost(sent), doubled: this.doubled, disordered: this.disordered };
  }
}
