// The host of one instance in a test: the contract's functions on the state of its room, and what the runtime asks of Node.js.

import { clients } from './clients.js';
import { control } from './control.js';
import { http } from './http.js';
import { replies } from './replies.js';
import { rooms } from './rooms.js';
import { store } from './store.js';
import { topics } from './topics.js';

/** Taken here, since a test may mock the timers of Node.js. */
const { setImmediate } = globalThis;

/** The interfaces of the contract by name. */
export const INTERFACES = { clients, topics, control, store, http, replies, rooms };

export class Host {
  /** The variables of the environment. */
  env;
  #state;
  /** When the room was opened, in milliseconds since 1970. */
  #opened;
  #failures = [];
  /** The operations that Node.js does on other threads, and the engine of a component at once. */
  #pending = 0;

  constructor(state, env, opened) {
    this.#state = state;
    this.env = env;
    this.#opened = opened;
    for (const [name, functions] of Object.entries(INTERFACES)) this[name] = functions(state);
  }

  /** The time of the room in milliseconds. */
  now() {
    return this.#state.now / 1000;
  }

  /** The time of the room in milliseconds since 1970. */
  date() {
    return this.#opened + this.now();
  }

  /** Notes that a handler has failed. */
  fail(error) {
    this.#failures.push(error);
  }

  /** Throws the first error that a handler has failed with. */
  check() {
    if (this.#failures.length > 0) throw this.#failures.shift();
  }

  /** Counts a promise of Node.js as a part of the running event. */
  async awaits(promise) {
    this.#pending += 1;
    try {
      return await promise;
    } finally {
      this.#pending -= 1;
    }
  }

  /** Waits until all jobs of promises have run. */
  async settled() {
    do await new Promise((done) => setImmediate(done));
    while (this.#pending > 0);
  }
}
