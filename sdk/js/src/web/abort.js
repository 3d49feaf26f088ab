// AbortController and AbortSignal, by the DOM Standard.

import { setTimeout } from '../timers.js';
import { Event, EventTarget } from './events.js';
import { DOMException } from './exception.js';

const make = Symbol('make');
const abort = Symbol('abort');

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason;
  /** Signals of `any` that follow this one. */
  #followers = new Set();
  onabort = null;

  constructor(key = undefined) {
    if (key !== make) throw new TypeError('an AbortSignal is made by an AbortController');
    super();
    Object.defineProperty(this, 'onabort', { enumerable: false });
  }

  static abort(reason = new DOMException('This operation was aborted', 'AbortError')) {
    const signal = new AbortSignal(make);
    signal.#aborted = true;
    signal.#reason = reason;
    return signal;
  }

  static timeout(milliseconds) {
    const signal = new AbortSignal(make);
    setTimeout(() => signal[abort](new DOMException('The operation timed out', 'TimeoutError')), milliseconds);
    return signal;
  }

  static any(signals) {
    const sources = [...signals];
    const aborted = sources.find((source) => source.aborted);
    if (aborted) return AbortSignal.abort(aborted.reason);
    const signal = new AbortSignal(make);
    for (const source of sources) source.#followers.add(signal);
    return signal;
  }

  get aborted() {
    return this.#aborted;
  }

  get reason() {
    return this.#reason;
  }

  throwIfAborted() {
    if (this.#aborted) throw this.#reason;
  }

  [abort](reason) {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    const event = new Event('abort');
    if (typeof this.onabort === 'function') this.addEventListener('abort', this.onabort, { once: true });
    this.dispatchEvent(event);
    for (const follower of this.#followers) follower[abort](reason);
    this.#followers.clear();
  }

  get [Symbol.toStringTag]() {
    return 'AbortSignal';
  }
}

export class AbortController {
  #signal = new AbortSignal(make);

  get signal() {
    return this.#signal;
  }

  abort(reason = new DOMException('This operation was aborted', 'AbortError')) {
    this.#signal[abort](reason);
  }

  get [Symbol.toStringTag]() {
    return 'AbortController';
  }
}
