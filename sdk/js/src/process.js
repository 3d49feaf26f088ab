// `process`, as far as packages for browsers expect one: the environment, and a few constants.

import { getEnvironment } from 'wasi:cli/environment@0.2.6';

import { isRunning } from './phase.js';

const variables = { NODE_ENV: 'production' };
let isFilled = false;

/** The variables of `--env`. The build has none of them, so the object is filled once a handler runs. */
const env = new Proxy(variables, {
  ...Object.fromEntries(['get', 'has', 'ownKeys', 'getOwnPropertyDescriptor', 'defineProperty', 'deleteProperty'].map(filled)),
  set(_target, name, value) {
    fill();
    variables[name] = String(value);
    return true;
  },
});

function filled(operation) {
  return [operation, (...details) => {
    fill();
    return Reflect[operation](...details);
  }];
}

function fill() {
  if (isFilled || !isRunning()) return;
  isFilled = true;
  Object.assign(variables, Object.fromEntries(getEnvironment()));
}

const nothing = () => process;

export const process = {
  env,
  argv: [],
  browser: true,
  platform: 'wasi',
  title: 'ws-host',
  version: '',
  versions: {},
  cwd: () => '/',
  nextTick: (job, ...details) => queueMicrotask(() => job(...details)),
  emitWarning: (warning) => console.warn(warning),
  on: nothing,
  once: nothing,
  off: nothing,
  addListener: nothing,
  removeListener: nothing,
};
