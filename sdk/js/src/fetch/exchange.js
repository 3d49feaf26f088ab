// Requests that this instance waits for.

import * as http from 'ws-host:server/http@0.2.0';

import { Arrival } from './arrival.js';
import { failure, refused } from './failure.js';

/** The exchanges by the id of their request. */
const waiting = new Map();

/** Sends a request of the contract. Returns a promise of the answer: status, headers, and `bytes` or an `arrival`. */
export function exchange(request, context, signal) {
  let id;
  try {
    id = http.fetch(request, context);
  } catch (error) {
    throw refused(error);
  }
  return new Promise((resolve, reject) => waiting.set(id, new Exchange(id, { resolve, reject, signal })));
}

/** Gives an answer to the code that waits for it. Returns whether this instance has asked for it. */
export function answered(id, outcome) {
  const exchange = waiting.get(id);
  exchange?.answer(outcome);
  return exchange !== undefined;
}

/** The same for a part of a body. */
export function continued(id, part) {
  const exchange = waiting.get(id);
  exchange?.part(part);
  return exchange !== undefined;
}

/** Puts a part of a body into its arrival. Returns whether more follows. */
export function put(arrival, { tag, val }) {
  if (tag === 'piece') arrival.push(val);
  else if (tag === 'end') arrival.end();
  else arrival.fail(failure(val));
  return tag === 'piece';
}

class Exchange {
  #id;
  #resolve;
  #reject;
  #signal;
  #arrival;

  constructor(id, { resolve, reject, signal }) {
    this.#id = id;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort);
  }

  answer({ tag, val }) {
    if (tag === 'err') {
      this.#over();
      this.#reject(failure(val));
      return;
    }
    const { status, headers, body } = val;
    if (body) {
      this.#over();
      this.#resolve({ status, headers, bytes: body });
      return;
    }
    this.#arrival = new Arrival(() => this.#giveUp());
    this.#resolve({ status, headers, arrival: this.#arrival });
  }

  part(part) {
    if (!put(this.#arrival, part)) this.#over();
  }

  #abort = () => {
    const { reason } = this.#signal;
    this.#giveUp();
    if (this.#arrival) this.#arrival.fail(reason);
    else this.#reject(reason);
  };

  #giveUp() {
    this.#over();
    http.cancel(this.#id);
  }

  #over() {
    waiting.delete(this.#id);
    this.#signal?.removeEventListener('abort', this.#abort);
  }
}

