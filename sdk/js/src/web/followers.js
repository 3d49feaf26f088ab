// The signals of `AbortSignal.any` that follow another. A signal of a server's whole life may get one for each request.

/** The number of followers from which on those that are gone are looked for. */
const FEW = 16;

export class Followers {
  /** Weak references, in the order in which the followers came. */
  #all = [];
  /** Those that must live. */
  #held = new Set();
  #sweepAt = FEW;

  add(follower) {
    if (this.#all.length >= this.#sweepAt) {
      this.#all = this.#all.filter((one) => one.deref());
      this.#sweepAt = 2 * this.#all.length + FEW;
    }
    this.#all.push(new WeakRef(follower));
  }

  /** Keeps a follower, or no longer. */
  hold(follower, isHeld) {
    if (isHeld) this.#held.add(follower);
    else this.#held.delete(follower);
  }

  /** Returns the followers, and forgets them. */
  take() {
    const followers = this.#all.map((one) => one.deref()).filter(Boolean);
    this.#all = [];
    this.#held.clear();
    return followers;
  }
}
