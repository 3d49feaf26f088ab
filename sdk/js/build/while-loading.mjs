// Notices a module that asks, while it loads, for values that differ from run to run.

import { translated } from '../src/positions.js';

/** Loads a module. `told` gets a line for each place that draws random numbers, and for each variable that the sources read. */
export async function watched(load, { frame, positions, told }) {
  const lines = new Set();
  const known = new Map();
  const tell = (act, matters = () => true) => {
    const place = placeOf(translated(new Error().stack, frame, positions, known));
    if (place && matters(place)) lines.add(`${place} ${act}`);
  };
  const draws = () => tell('draws a random number while the module loads, in the build: it is the same in every instance');
  const reads = (name) => tell(`reads process.env.${name} while the module loads, in the build: read it in a handler`, isOwn);
  const restored = [
    replaced(Math, 'random', (random) => () => (draws(), random())),
    replaced(crypto, 'getRandomValues', (fill) => (values) => (draws(), fill.call(crypto, values))),
    replaced(crypto, 'randomUUID', (make) => () => (draws(), make.call(crypto))),
    replaced(process, 'env', (env) => new Proxy(env, { get: (_, name) => (typeof name === 'string' && reads(name), env[name]) })),
    replaced(globalThis, 'fetch', () => async () => {
      throw new Error('the host can be called only in handlers, not while the module loads');
    }),
    // They begin with the room's first event, and must not run here.
    ...['setTimeout', 'setInterval', 'setImmediate'].map((name) => replaced(globalThis, name, () => () => 0)),
  ];
  try {
    return await load();
  } finally {
    for (const restore of restored) restore();
    for (const line of lines) told(line);
  }
}

/** Returns the file and line of the innermost frame in the module or its packages, if there is one. */
function placeOf(stack) {
  const places = Array.from(stack.matchAll(/\(([^()]+:\d+):\d+\)$/gm), ([, place]) => place);
  return places.find((place) => !/^(file|node):/.test(place));
}

function isOwn(place) {
  return !place.includes('node_modules');
}

function replaced(object, name, make) {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value: make(object[name]), configurable: true, writable: true, enumerable: true });
  return () => (before ? Object.defineProperty(object, name, before) : delete object[name]);
}
