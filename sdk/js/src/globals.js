// Globals that every guest has and that QuickJS lacks. The build imports this before the application, and the modules of
// `web/` whose globals the application names.

import { process } from './process.js';
import { fraction } from './random.js';
import { clear, setImmediate, setInterval, setTimeout } from './timers.js';
import { console } from './web/console.js';
import { performance } from './web/performance.js';

/** Defines a global as browsers do: code may replace it, and a loop over the globals leaves it out. */
export function define(name, value) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}

/** Defines globals that are made when one of them is used. `load` returns them by name. */
export function defineLater(names, load) {
  for (const name of names) {
    const set = (value) => define(name, value);
    const get = () => {
      set(load()[name]);
      return globalThis[name];
    };
    Object.defineProperty(globalThis, name, { get, set, configurable: true });
  }
}

Math.random = fraction;

const globals = {
  process, console, performance,
  setTimeout, setInterval, setImmediate, clearTimeout: clear, clearInterval: clear, clearImmediate: clear,
  self: globalThis,
  global: globalThis,
  navigator: Object.freeze({ userAgent: 'ws-host' }),
};
for (const [name, value] of Object.entries(globals)) define(name, value);
