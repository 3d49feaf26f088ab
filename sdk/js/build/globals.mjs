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
  file: ['File'],
  'form-data': ['FormData'],
  headers: ['Headers'],
  performance: ['Performance'],
  request: ['Request'],
  response: ['Response'],
  subtle: ['SubtleCrypto'],
  'search-params': ['URLSearchParams'],
  url: ['URL'],
  '../fetch/fetch': ['fetch'],
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
  const named = withNeeded(namesIn(script), script);
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
  if (named.has('FormData') && isBody(named)) lines.push(`import ${path('web/body-forms.js')};`);
  if (named.has('subtle')) lines.push(`import ${path('web/crypto-subtle.js')};`);
  return lines.join('\n');
}

/** Returns the names in a script. */
export function namesIn(script) {
  return new Set(script.match(/[A-Za-z]+/g));
}

/** Adds the globals that those which the script names use themselves. */
function withNeeded(named, script) {
  if (isBody(named)) {
    named.add('URL');
    if (named.has('formData')) ['FormData', 'File', 'URLSearchParams'].forEach((name) => named.add(name));
    // A script that gives a body, but reads none, needs no streams.
    if (/\bbody\b(?!\s*:)/.test(script)) named.add('ReadableStream');
    if (named.has('signal')) named.add('AbortController');
  }
  if (streamsBlobs(named)) named.add('ReadableStream');
  if (usedOf(LATER, named).length > 0) named.add('AbortController');
  return named;
}

function isBody(named) {
  return ['fetch', 'Request', 'Response', 'onRequest', 'onOrphan'].some((name) => named.has(name));
}

function streamsBlobs(named) {
  return ['Blob', 'File', 'blob', 'formData'].some((name) => named.has(name)) && named.has('stream');
}

function usedOf(modules, named) {
  const all = Object.entries(modules).map(([module, globals]) => [module, globals.filter((name) => named.has(name))]);
  return all.filter(([, used]) => used.length > 0);
}

function path(file) {
  return JSON.stringify(own(file));
}
