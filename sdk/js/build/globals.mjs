// The globals of the web that a script uses. Others are left out, so that they cost no memory in each room.

import { own } from './bundle.mjs';

/** The modules of `src/web`, and the globals that each has. */
const MODULES = {
  abort: ['AbortController', 'AbortSignal'],
  blob: ['Blob'],
  clone: ['structuredClone'],
  crypto: ['crypto', 'Crypto'],
  'crypto-key': ['CryptoKey'],
  encoding: ['TextEncoder', 'TextDecoder'],
  events: ['Event', 'CustomEvent', 'EventTarget'],
  exception: ['DOMException'],
  headers: ['Headers'],
  performance: ['Performance'],
  subtle: ['SubtleCrypto'],
  'search-params': ['URLSearchParams'],
  url: ['URL'],
};

/** The same, for modules that are large: they run when one of their globals is used, so that a room without them is as small. */
const LATER = {
  streams: [
    'ByteLengthQueuingStrategy', 'CountQueuingStrategy', 'ReadableByteStreamController', 'ReadableStream', 'ReadableStreamBYOBReader',
    'ReadableStreamBYOBRequest', 'ReadableStreamDefaultController', 'ReadableStreamDefaultReader', 'TransformStream',
    'TransformStreamDefaultController', 'WritableStream', 'WritableStreamDefaultController', 'WritableStreamDefaultWriter',
  ],
  'text-streams': ['TextDecoderStream', 'TextEncoderStream'],
};

/** The name under which the entry imports the globals. */
export const GLOBALS = 'ws-host-guest:globals';

/** Provides a module that defines the globals which the script names, and those that every guest has. */
export function globalsFor(script) {
  return {
    name: 'globals',
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${GLOBALS}$`) }, ({ path }) => ({ path, namespace: 'globals' }));
      build.onLoad({ filter: /./, namespace: 'globals' }, () => ({ contents: source(script), resolveDir: own('.') }));
    },
  };
}

function source(script) {
  const named = withNeeded(new Set(script.match(/[A-Za-z]+/g)));
  const lines = [`import { define, defineLater } from ${path('globals.js')};`];
  for (const [module, used] of usedOf(MODULES, named)) {
    const names = used.map((name) => `${name} as its${name}`).join(', ');
    lines.push(`import { ${names} } from ${path(`web/${module}.js`)};`);
    lines.push(...used.map((name) => `define('${name}', its${name});`));
  }
  for (const [module, used] of usedOf(LATER, named)) {
    lines.push(`defineLater(${JSON.stringify(used)}, () => require(${path(`web/${module}.js`)}));`);
  }
  if (streamsBlobs(named)) lines.push(`import ${path('web/blob-stream.js')};`);
  if (named.has('subtle')) lines.push(`import ${path('web/crypto-subtle.js')};`);
  return lines.join('\n');
}

/** Adds the globals that those which the script names use themselves. */
function withNeeded(named) {
  if (streamsBlobs(named)) named.add('ReadableStream');
  if (usedOf(LATER, named).length > 0) named.add('AbortController');
  return named;
}

function streamsBlobs(named) {
  return named.has('Blob') && named.has('stream');
}

function usedOf(modules, named) {
  const all = Object.entries(modules).map(([module, globals]) => [module, globals.filter((name) => named.has(name))]);
  return all.filter(([, used]) => used.length > 0);
}

function path(file) {
  return JSON.stringify(own(file));
}
