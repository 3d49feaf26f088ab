// Event, CustomEvent and EventTarget, by the DOM Standard, without a tree.

import { DOMException } from './exception.js';

const stopped = Symbol('stopped');
const begin = Symbol('begin');
const end = Symbol('end');
const passive = Symbol('passive');

/** For the targets of `web/`: whether a target has a listener. */
export const listens = Symbol('listens');

export class Event {
  #type;
  #bubbles;
  #cancelable;
  #composed;
  #target = null;
  #phase = 0;
  #isPrevented = false;
  #isPropagationStopped = false;
  #timeStamp = performance.now();
  [stopped] = false;
  /** Whether the listener that runs promised not to prevent the default. */
  [passive] = false;

  constructor(type, options = undefined) {
    if (arguments.length === 0) throw new TypeError('an event has a type');
    this.#type = String(type);
    this.#bubbles = Boolean(options?.bubbles);
    this.#cancelable = Boolean(options?.cancelable);
    this.#composed = Boolean(options?.composed);
  }

  get type() {
    return this.#type;
  }

  get target() {
    return this.#target;
  }

  get srcElement() {
    return this.#target;
  }

  get currentTarget() {
    return this.#phase === 0 ? null : this.#target;
  }

  get eventPhase() {
    return this.#phase;
  }

  get bubbles() {
    return this.#bubbles;
  }

  get cancelable() {
    return this.#cancelable;
  }

  get composed() {
    return this.#composed;
  }

  get defaultPrevented() {
    return this.#isPrevented;
  }

  get returnValue() {
    return !this.#isPrevented;
  }

  get cancelBubble() {
    return this.#isPropagationStopped;
  }

  set cancelBubble(value) {
    if (value) this.#isPropagationStopped = true;
  }

  get timeStamp() {
    return this.#timeStamp;
  }

  get isTrusted() {
    return false;
  }

  composedPath() {
    return this.#phase === 0 ? [] : [this.#target];
  }

  preventDefault() {
    if (this.#cancelable && !this[passive]) this.#isPrevented = true;
  }

  stopPropagation() {
    this.#isPropagationStopped = true;
  }

  stopImmediatePropagation() {
    this.#isPropagationStopped = true;
    this[stopped] = true;
  }

  [begin](target) {
    this.#target = target;
    this.#phase = Event.AT_TARGET;
  }

  [end]() {
    this.#phase = Event.NONE;
    this.#isPropagationStopped = false;
    this[stopped] = false;
  }

  get [Symbol.toStringTag]() {
    return 'Event';
  }
}

['NONE', 'CAPTURING_PHASE', 'AT_TARGET', 'BUBBLING_PHASE'].forEach((name, value) => {
  for (const holder of [Event, Event.prototype]) Object.defineProperty(holder, name, { value, enumerable: true });
});

export class CustomEvent extends Event {
  #detail;

  constructor(type, options = undefined) {
    super(...arguments);
    this.#detail = options?.detail ?? null;
  }

  get detail() {
    return this.#detail;
  }

  get [Symbol.toStringTag]() {
    return 'CustomEvent';
  }
}

export class EventTarget {
  #listeners = [];

  addEventListener(type, callback, options = undefined) {
    if (arguments.length < 2) throw new TypeError('addEventListener takes a type and a listener');
    const { capture, once, isPassive, signal } = flags(options);
    if (callback === null || callback === undefined) return;
    if (typeof callback !== 'function' && typeof callback !== 'object') throw new TypeError('a listener is a function or an object');
    if (signal?.aborted) return;
    const name = String(type);
    if (this.#listeners.some((one) => one.type === name && one.callback === callback && one.capture === capture)) return;
    const listener = { type: name, callback, capture, once, isPassive, isRemoved: false, forget: () => {} };
    this.#listeners.push(listener);
    if (!signal) return;
    const remove = () => this.removeEventListener(name, callback, { capture });
    signal.addEventListener('abort', remove, { once: true });
    // A signal that lives on must not keep the targets whose listeners are gone.
    listener.forget = () => signal.removeEventListener('abort', remove);
  }

  removeEventListener(type, callback, options = undefined) {
    const { capture } = flags(options);
    const at = this.#listeners.findIndex((one) => one.type === String(type) && one.callback === callback && one.capture === capture);
    if (at < 0) return;
    const [listener] = this.#listeners.splice(at, 1);
    listener.isRemoved = true;
    listener.forget();
  }

  /** Whether a listener waits for events of this type. */
  [listens](type) {
    return this.#listeners.some((one) => one.type === type);
  }

  dispatchEvent(event) {
    if (!(event instanceof Event)) throw new TypeError('dispatchEvent takes an Event');
    if (event.eventPhase !== 0) {
      throw new DOMException('the event is being dispatched already', 'InvalidStateError');
    }
    event[begin](this);
    const listeners = this.#listeners.filter((one) => one.type === event.type);
    // Those that capture come first, also at the target.
    for (const one of [...listeners.filter((one) => one.capture), ...listeners.filter((one) => !one.capture)]) {
      if (event[stopped]) break;
      if (one.isRemoved) continue;
      if (one.once) this.removeEventListener(one.type, one.callback, one);
      this.#call(one, event);
    }
    event[end]();
    return !event.defaultPrevented;
  }

  #call({ callback, isPassive }, event) {
    event[passive] = isPassive;
    try {
      if (typeof callback === 'function') callback.call(this, event);
      else callback.handleEvent(event);
    } catch (error) {
      // One failing listener does not keep the event from the others, nor from its sender.
      console.error(error);
    } finally {
      event[passive] = false;
    }
  }

  get [Symbol.toStringTag]() {
    return 'EventTarget';
  }
}

function flags(options) {
  if (typeof options !== 'object' || options === null) return { capture: Boolean(options), once: false, isPassive: false };
  const { capture, once, passive: isPassive, signal } = options;
  if (signal === null) throw new TypeError('the signal is an AbortSignal');
  return { capture: Boolean(capture), once: Boolean(once), isPassive: Boolean(isPassive), signal };
}
