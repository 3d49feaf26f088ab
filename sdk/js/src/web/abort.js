// AbortController and AbortSignal, by the DOM Standard.

import { setTimeout } from '../timers.js';
import { Event, EventTarget, listens } from './events.js';
import { DOMException } from './exception.js';
import { Followers } from './followers.js';

const make = Symbol('make');
const abort = Symbol('abort');

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason;
  /** Of a signal of `any`: the signals that it follows, none of which follows another. */
  #sources = [];
  /** The signals of `any` that follow this one. */
  #followers = new Followers();
  #onabort = null;
  #isHandled = false;

  constructor(key = undefined) {
    if (key !== make) throw new TypeError('an AbortSignal is made by an AbortController');
    super();
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
    const given = [...signals];
    if (!given.every((one) => one instanceof AbortSignal)) throw new TypeError('AbortSignal.any takes a list of AbortSignals');
    const aborted = given.find((source) => source.aborted);
    if (aborted) return AbortSignal.abort(aborted.reason);
    const signal = new AbortSignal(make);
    // The followed signals of a signal in between, which nothing else may keep.
    signal.#sources = [...new Set(given.flatMap((one) => (one.#sources.length > 0 ? one.#sources : [one])))];
    for (const source of signal.#sources) source.#followers.add(signal);
    return signal;
  }

  get aborted() {
    return this.#aborted;
  }

  get reason() {
    return this.#reason;
  }

  get onabort() {
    return this.#onabort;
  }

  set onabort(handler) {
    this.#onabort = typeof handler === 'function' || (typeof handler === 'object' && handler) ? handler : null;
    if (this.#isHandled || !this.#onabort) return;
    this.#isHandled = true;
    this.addEventListener('abort', (event) => typeof this.#onabort === 'function' && this.#onabort(event));
  }

  throwIfAborted() {
    if (this.#aborted) throw this.#reason;
  }

  addEventListener(...details) {
    super.addEventListener(...details);
    this.#hold();
  }

  removeEventListener(...details) {
    super.removeEventListener(...details);
    this.#hold();
  }

  /** A signal that somebody waits for must live as long as those that it follows. */
  #hold() {
    if (this.#sources.length === 0) return;
    const isAwaited = !this.#aborted && this[listens]('abort');
    for (const source of this.#sources) source.#followers.hold(this, isAwaited);
  }

  [abort](reason) {
    if (this.#aborted) return;
    const signals = [this, ...this.#followers.take()].filter((signal) => !signal.#aborted);
    // All of them are aborted before the first listener runs.
    for (const signal of signals) {
      signal.#aborted = true;
      signal.#reason = reason;
    }
    for (const signal of signals) {
      signal.dispatchEvent(new Event('abort'));
      signal.#hold();
    }
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
