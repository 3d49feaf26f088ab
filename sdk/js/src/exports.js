// The component's exports, which call the application's handlers.

import { get } from 'ws-host:server/clients@0.2.0';

import { Headers } from './client.js';
import { clientOf, forget } from './index.js';
import { describe, fail, warn } from './output.js';
import { begin } from './phase.js';
import { data, pack, unpack } from './values.js';

/** The name of the state's format, if the application sets no `stateVersion`. */
const STATE = 'json';

/** Returns all exports that a component may have. The application is an object with handlers, or a class of such objects. */
export function exportsOf(application) {
  let running;

  /** The application, created by the first handler: the build loads the module before a room exists. */
  function app() {
    if (running === undefined) {
      begin();
      running = typeof application === 'function' ? new application() : application;
    }
    return running;
  }

  /** Runs a handler. An exception ends the instance, and the host drops the handler's effects. */
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
        // An instance that took over may not know the client's details yet, and the host forgets them after this call.
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
          // The contract returns this text as the error of the start or the swap.
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

/** The argument of `onStart`. */
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

/** Checks a handler's answer. A promise is refused: it would act outside any handler. */
function done(name, answer) {
  if (typeof answer?.then === 'function') {
    throw new TypeError(`${name} returns a promise: a handler is done when it returns, so it cannot be async`);
  }
  return answer;
}

/** Converts an answer of `onUpgrade` to the contract's decision. */
function decision(answer) {
  if (answer === undefined || answer === true) return { tag: 'accept', val: null };
  if (answer === false) return { tag: 'refuse', val: 403 };
  if (typeof answer.accept === 'string') return { tag: 'accept', val: answer.accept };
  if (typeof answer.refuse === 'number') return { tag: 'refuse', val: answer.refuse };
  if (typeof answer.close === 'number') return { tag: 'close', val: { code: answer.close, reason: answer.reason ?? '' } };
  throw new TypeError('onUpgrade must return true, false, { accept: subprotocol }, { refuse: status } or { close: code, reason }');
}
