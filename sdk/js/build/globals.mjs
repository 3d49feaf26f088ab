// The globals of the web that a script uses. Others are left out, so that they cost no memory in each room.

import { own } from './bundle.mjs';

/** The modules of `src/web`, and the globals that each has. */
const MODULES = {
  abort: ['AbortController', 'AbortSignal'],
  blob: ['Blob'],
  clone: ['structuredClone'],
  crypto: ['crypto', 'Crypto', 'CryptoKey', 'SubtleCrypto'],
  encoding: ['TextEncoder', 'TextDecoder'],
  events: ['Event', 'CustomEvent', 'EventTarget'],
  exception: ['DOMException'],
  headers: ['Headers'],
  performance: ['Performance'],
  'search-params': ['URLSearchParams'],
  url: ['URL'],
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
  const named = new Set(script.match(/[A-Za-z]+/g));
  const lines = [`import { define } from ${JSON.stringify(own('globals.js'))};`];
  for (const [module, globals] of Object.entries(MODULES)) {
    const used = globals.filter((name) => named.has(name));
    if (used.length === 0) continue;
    const names = used.map((name) => `${name} as its${name}`).join(', ');
    lines.push(`import { ${names} } from ${JSON.stringify(own(`web/${module}.js`))};`);
    lines.push(...used.map((name) => `define('${name}', its${name});`));
  }
  return lines.join('\n');
}
