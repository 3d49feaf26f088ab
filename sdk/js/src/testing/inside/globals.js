// The globals of an instance in a test that are not those of Node.js. The bundle takes them for the free names of the application.

import { fetch } from '../../fetch/fetch.js';
import { process } from '../../process.js';
import { clear, setImmediate, setInterval, setTimeout } from '../../timers.js';
import { Blob } from '../../web/blob.js';
import '../../web/blob-stream.js';
import '../../web/body-forms.js';
import { File } from '../../web/file.js';
import { FormData } from '../../web/form-data.js';
import { Headers } from '../../web/headers.js';
import { Request } from '../../web/request.js';
import { Response } from '../../web/response.js';
import { MISSING } from '../missing.js';
import { maybe } from './bridge.js';
import { now } from './clock.js';

const node = globalThis;

/** The dates of the room's clock. */
const Date = new Proxy(node.Date, {
  get: (target, name) => (name === 'now' ? date : target[name]),
  apply: () => new Date().toString(),
  construct: (target, details, made) => Reflect.construct(target, details.length > 0 ? details : [date()], made === Date ? target : made),
});

function date() {
  return Math.floor(maybe()?.date() ?? node.Date.now());
}

/** The time-outs of signals count by the room's clock. */
const AbortSignal = new Proxy(node.AbortSignal, { get: (target, name) => (name === 'timeout' ? timeout : target[name]) });

function timeout(milliseconds) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException('The operation timed out', 'TimeoutError')), milliseconds);
  return controller.signal;
}

/** Node.js computes on another thread what the engine of a component does at once: it belongs to the same event. */
const subtle = new Proxy(node.crypto.subtle, {
  get(target, name) {
    if (typeof target[name] !== 'function') return target[name];
    return (...details) => {
      const promise = target[name](...details);
      return maybe()?.awaits(promise) ?? promise;
    };
  },
});

const crypto = {
  subtle,
  getRandomValues: (array) => node.crypto.getRandomValues(array),
  randomUUID: () => node.crypto.randomUUID(),
};

const performance = {
  now,
  get timeOrigin() {
    return maybe() ? maybe().date() - now() : 0;
  },
  toJSON: () => ({ timeOrigin: performance.timeOrigin }),
};

const navigator = Object.freeze({ userAgent: 'ws-host' });

const own = {
  AbortSignal, Blob, Date, File, FormData, Headers, Request, Response, crypto, fetch, navigator, performance, process, setTimeout, setInterval, setImmediate,
  clearTimeout: clear, clearInterval: clear, clearImmediate: clear,
  ...Object.fromEntries(MISSING.map((name) => [name, undefined])),
};

/** The global object: the values above come before the globals of Node.js. */
const scope = new Proxy(node, {
  get: (target, name) => (Object.hasOwn(own, name) ? own[name] : target[name]),
  has: (target, name) => (Object.hasOwn(own, name) ? own[name] !== undefined : name in target),
  set(target, name, value) {
    (Object.hasOwn(own, name) ? own : target)[name] = value;
    return true;
  },
});
for (const name of ['globalThis', 'global', 'self']) own[name] = scope;

export { AbortSignal, Blob, Date, File, FormData, Headers, Request, Response, crypto, fetch, navigator, performance, process, setTimeout, setInterval, setImmediate };
export { clear as clearTimeout, clear as clearInterval, clear as clearImmediate, scope as globalThis, scope as self };
