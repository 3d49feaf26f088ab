// The component's exports, which call the application's handlers.

import { get } from 'ws-host:server/clients@0.2.0';

import { Headers } from './client.js';
import { decision } from './decision.js';
import { clientOf, forget } from './index.js';
import { run } from './jobs.js';
import { fail, refusal } from './output.js';
import { begin } from './phase.js';
import * as timers from './timers.js';
import { data, pack, unpack, unpackOwn } from './values.js';

/** The name of the state's format, if the application sets no `stateVersion`. */
const STATE = 'json';

/**
 * Returns all exports that a component may have. The application is an object with handlers, or a class of such objects. `more` has the
 * exports that only some guests need, each as a function that makes it.
 */
export function exportsOf(application, more = {}) {
  let running;

  /** The application, created by the first handler: the build loads the module before a room exists. */
  function app() {
    if (running === undefined) {
      begin();
      timers.begin();
      running = typeof application === 'function' ? new application() : application;
    }
    return running;
  }

  /** Runs a handler to the end of its event. An exception ends the instance, and the host drops the handler's effects. */
  function event(name, handle, ended, failed) {
    const fails = (error) => fail(name, error);
    return run(() => handle(app()), { ended, failed: failed ?? fails, late: fails });
  }

  /** Runs a handler without an answer. */
  function handled(name, handle, finish = () => {}) {
    return event(name, handle, () => {
      finish();
      timers.arm();
    });
  }

  /** Runs a handler for an answer that the host needs at once. */
  function answered(name, handle, convert) {
    return event(name, handle, (outcome) => {
      if (!outcome) throw new TypeError(`${name} waits for a timer or another event, but the host needs its answer now`);
      return convert(outcome.value);
    });
  }

  const others = Object.entries(more).map(([name, make]) => [name, make({ handled, event, answered })]);
  return {
    ...Object.fromEntries(others),
    /** For the room of a test. */
    application: app,
    handler: {
      onNewClient(details) {
        return handled('onConnect', (app) => app.onConnect?.(clientOf(details.id, details)));
      },
      onMessage(from, message) {
        return handled('onMessage', (app) => app.onMessage?.(clientOf(from), data(message)));
      },
      onClientLeft(id, info) {
        // An instance that took over may not know the client's details yet, and the host forgets them after this call.
        return handled('onClose', (app) => app.onClose?.(clientOf(id, get(id) ?? undefined), info), () => forget(id));
      },
    },
    gate: {
      onUpgrade(request) {
        const asked = { ...request, headers: new Headers(request.headers) };
        return answered('onUpgrade', (app) => app.onUpgrade(asked), (answer) => {
          const decided = decision(answer);
          timers.arm();
          return decided;
        });
      },
    },
    lifecycle: {
      onStart(why, saved) {
        return event('onStart', (app) => app.onStart?.(new Start(why, saved)), timers.arm, (error) => {
          throw refusal(error);
        });
      },
      snapshot() {
        return answered('snapshot', (app) => app.snapshot?.(), (state) => ({
          version: running.stateVersion ?? STATE,
          data: state === undefined ? new Uint8Array() : pack(state),
        }));
      },
    },
    flow: {
      onDrain(id) {
        return handled('onDrain', (app) => app.onDrain(clientOf(id)));
      },
    },
    presence: {
      onLineLost(id) {
        return handled('onLineLost', (app) => app.onLineLost?.(clientOf(id)));
      },
      onLineBack(id) {
        return handled('onLineBack', (app) => app.onLineBack?.(clientOf(id)));
      },
    },
    events: {
      onEvent(source, message) {
        return handled('onEvent', (app) => app.onEvent?.({ [source.tag]: source.val }, data(message)));
      },
    },
    timers: {
      onTimer(id, payload) {
        if (timers.isMark(payload)) return handled('a timer', () => timers.fire(id));
        return handled('onTimer', (app) => app.onTimer?.(unpackOwn(payload), id));
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
    return this.#data?.slice();
  }

  get state() {
    return unpack(this.#data);
  }
}
