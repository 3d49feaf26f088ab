// Looks at a module's default export: which handlers does it have?

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { HANDLERS } from './world.mjs';

/** Stands for the host while a module is looked at. */
const NO_HOST = {
  name: 'no-host',
  setup(build) {
    build.onResolve({ filter: /^(ws-host|wasi):/ }, ({ path }) => ({ path, namespace: 'no-host' }));
    // A namespace import copies what is the module's own and inherits the rest: so everything is inherited.
    build.onLoad({ filter: /.*/, namespace: 'no-host' }, () => ({
      contents: `module.exports = Object.create(new Proxy({}, { get: () => () => {
        throw new Error('the host can be asked in handlers alone, not while the module loads');
      } }));`,
    }));
  },
};

/** The names of a module's handlers. Complains about what cannot work. */
export async function handlersOf(module, shown, { scratch, bundle }) {
  const script = await bundle(`export * from ${JSON.stringify(module)}; import * as all from ${JSON.stringify(module)};
    export const application = all.default;`, { plugins: [NO_HOST], logOverride: { 'import-is-undefined': 'silent' } });
  const file = join(scratch, 'look.mjs');
  writeFileSync(file, script);
  const { application } = await import(pathToFileURL(file)).catch((error) => {
    throw new Error(`${shown} failed while it was loaded: ${error.message ?? error}`);
  });
  if (application === undefined || application === null || !['object', 'function'].includes(typeof application)) {
    throw new Error(`${shown} has no default export with handlers: \`export default { onMessage(client, message) { ... } }\``);
  }
  const app = instance(application);
  const handlers = namesOf(app).filter((name) => typeof app[name] === 'function');
  for (const name of handlers) check(name, app[name], shown);
  const known = handlers.filter((name) => Object.hasOwn(HANDLERS, name));
  if (known.length === 0) {
    throw new Error(`the default export of ${shown} has no handler: it may have ${Object.keys(HANDLERS).join(', ')}`);
  }
  return known;
}

/** A class whose constructor asks the host has no instance here; its methods can be seen nevertheless. */
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

function check(name, handler, shown) {
  if (/^on[A-Z_]|^on[a-z]+$/.test(name) && !Object.hasOwn(HANDLERS, name)) {
    throw new Error(`${shown} has a handler ${name}, which nothing calls: there are ${Object.keys(HANDLERS).join(', ')}`);
  }
  if (Object.hasOwn(HANDLERS, name) && handler.constructor.name.startsWith('Async')) {
    throw new Error(`${name} in ${shown} is async: a handler is done when it returns, so it cannot wait for anything`);
  }
}
