// From the component's exports to the application's handlers.

import { get } from 'ws-host:server/clients@0.1.0';

import { Headers } from './client.js';
import { isRunning } from './globals.js';
import { clientOf, forget } from './index.js';
import { describe, fail, warn } from './output.js';
import { data, pack, unpack } from './values.js';

/** Names the format of a state whose application names none. */
const STATE = 'json';

/** All that a component may export, for an application: an object with handlers, or a class of such objects. */
export function exportsOf(application) {
  let running;

  /** The application. It begins with the first handler: while the module loads, in the build, there is no room yet. */
  function app() {
    if (running === undefined) {
      isRunning();
      running = typeof application === 'function' ? new application() : application;
    }
    return running;
  }

  /** Runs a handler. An exception ends the instance, and the host undoes what the handler has done. */
  function guarded(name, handle) {
    try {
      return handle(app());
    } catch (error) {
      return fail(name, error);
    }
  }

  return {
    handler: {
      onNewClient(details) {
        guarded('onConnect', (app) => done('onConnect', app.onConnect?.(clientOf(details.id, details))));
      },
      onMessage(from, message) {
        guarded('onMessage', (app) => done('onMessage', app.onMessage?.(clientOf(from), data(message))));
      },
      onClientLeft(id, info) {
        // An instance that took over may not know the client yet, and this is the last time that the host tells.
        guarded('onClose', (app) => done('onClose', app.onClose?.(clientOf(id, get(id) ?? undefined), info)));
        forget(id);
      },
    },
    gate: {
      onUpgrade(request) {
        const asked = { ...request, headers: new Headers(request.headers) };
        return guarded('onUpgrade', (app) => decision(done('onUpgrade', app.onUpgrade(asked))));
      },
    },
    lifecycle: {
      onStart(why, saved) {
        try {
          done('onStart', app().onStart?.(new Start(why, saved)));
        } catch (error) {
          warn(`onStart has failed: ${describe(error)}`);
          // An error of the contract: the host tells it to whoever has asked for the start or the swap.
          throw error instanceof Error ? error.message : String(error);
        }
      },
      snapshot() {
        return guarded('snapshot', (app) => {
          const state = done('snapshot', app.snapshot?.());
          return { version: app.stateVersion ?? STATE, data: state === undefined ? new Uint8Array() : pack(state) };
        });
      },
    },
    flow: {
      onDrain(id) {
        guarded('onDrain', (app) => done('onDrain', app.onDrain(clientOf(id))));
      },
    },
    timers: {
      onTimer(id, payload) {
        guarded('onTimer', (app) => done('onTimer', app.onTimer(unpack(payload), id)));
      },
    },
  };
}

/** How an instance starts. */
class Start {
  #data;

  constructor(why, saved) {
    this.reason = why;
    this.version = saved?.version;
    this.#data = saved?.data;
  }

  get data() {
    return this.#data && Uint8Array.from(this.#data);
  }

  get state() {
    return unpack(this.#data);
  }
}

/** What a handler has answered. What it would do later, it would do outside of any handler. */
function done(name, answer) {
  if (typeof answer?.then === 'function') {
    throw new TypeError(`${name} answers a promise: a handler is done when it returns, so it cannot be async`);
  }
  return answer;
}

/** The contract's decision about an upgrade request. */
function decision(answer) {
  if (answer === undefined || answer === true) return { tag: 'accept', val: null };
  if (answer === false) return { tag: 'refuse', val: 403 };
  if (typeof answer.accept === 'string') return { tag: 'accept', val: answer.accept };
  if (typeof answer.refuse === 'number') return { tag: 'refuse', val: answer.refuse };
  if (typeof answer.close === 'number') return { tag: 'close', val: { code: answer.close, reason: answer.reason ?? '' } };
  throw new TypeError('onUpgrade answers true, false, { accept: subprotocol }, { refuse: status } or { close: code, reason }');
}
