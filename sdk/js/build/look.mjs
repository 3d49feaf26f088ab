// Finds the handlers in a module's default export.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { bundle } from './bundle.mjs';
import { notLoaded } from './not-loaded.mjs';
import { watched } from './while-loading.mjs';
import { HANDLERS } from './world.mjs';

/** Stands in for the host while the module is inspected. */
const NO_HOST = {
  name: 'no-host',
  setup(build) {
    build.onResolve({ filter: /^(ws-host|wasi):/ }, ({ path }) => ({ path, namespace: 'no-host' }));
    // esbuild copies the own properties of an imported namespace and inherits the rest, so the proxy is a prototype.
    build.onLoad({ filter: /.*/, namespace: 'no-host' }, () => ({
      contents: `module.exports = Object.create(new Proxy({}, { get: () => () => {
        throw new Error('the host can be called only in handlers, not while the module loads');
      } }));`,
    }));
  },
};

// A guest has it, and so has Node.js from version 21 on.
globalThis.navigator ??= { userAgent: 'ws-host' };

/** A frame of a stack of Node.js in the bundled module. */
const FRAME = /\(?file:[^ ]*\/inspected\.mjs:(\d+):(\d+)\)?/;

/** Returns the names of a module's handlers. Throws for a module that cannot work. */
export async function handlersOf(module, shown, { scratch, root, told }) {
  const { script, positions } = await bundle(`export * from ${JSON.stringify(module)}; import * as all from ${JSON.stringify(module)};
    export const application = all.default;`, { root, plugins: [NO_HOST], logOverride: { 'import-is-undefined': 'silent' } });
  const file = join(scratch, 'inspected.mjs');
  writeFileSync(file, script);
  const { application } = await watched(() => Promise.race([import(pathToFileURL(file)), idle()]), { frame: FRAME, positions, told }).catch((error) => {
    throw notLoaded(shown, error, FRAME, positions);
  });
  if (application === undefined || application === null || !['object', 'function'].includes(typeof application)) {
    throw new Error(`${shown} has no default export with handlers: \`export default { onMessage(client, message) { ... } }\``);
  }
  const app = instance(application);
  const handlers = namesOf(app).filter((name) => typeof app[name] === 'function');
  for (const name of handlers) check(name, shown);
  const known = handlers.filter((name) => Object.hasOwn(HANDLERS, name));
  if (known.length === 0) {
    throw new Error(`the default export of ${shown} has no handler: it may have ${Object.keys(HANDLERS).join(', ')}`);
  }
  return known;
}

/** Fails when Node.js has nothing left to do, since the module then waits for something that never happens. */
function idle() {
  return new Promise((_, reject) => {
    process.once('beforeExit', () => reject(new Error('an `await` outside of the handlers waits for something that never happens')));
  });
}

/** Returns an instance or, for a class whose constructor calls the host, its prototype, which has the methods too. */
function instance(application) {
  if (typeof application !== 'function') return application;
  try {
    return new application();
  } catch {
    return application.prototype ?? {};
  }
}

function namesOf(object) {
  const names = new Set();
  for (let at = object; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  }
  return [...names];
}

function check(name, shown) {
  if (/^on[A-Z_]|^on[a-z]+$/.test(name) && !Object.hasOwn(HANDLERS, name)) {
    throw new Error(`${shown} has a handler ${name}, which nothing calls: the handlers are ${Object.keys(HANDLERS).join(', ')}`);
  }
}
