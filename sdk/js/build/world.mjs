// The world of one component. Its exports follow from the handlers of its module.

import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WIT = fileURLToPath(new URL('../wit', import.meta.url));

/** The interface of the contract that each handler belongs to. */
export const HANDLERS = {
  onConnect: 'handler',
  onMessage: 'handler',
  onClose: 'handler',
  onUpgrade: 'gate',
  onStart: 'lifecycle',
  snapshot: 'lifecycle',
  onDrain: 'flow',
  onLineLost: 'presence',
  onLineBack: 'presence',
  onTimer: 'timers',
  onOrphan: 'responses',
  onRequest: 'requests',
  onEvent: 'events',
};

/** The interfaces that every component exports. `setTimeout` needs the timers. */
const ALWAYS = ['handler', 'timers'];

/** The modules of `src` with the exports that only some components have. */
export const MODULES = {
  responses: 'fetch/exports.js',
  requests: 'requests/exports.js',
};

/** The interfaces that a component imports only if its script does. */
const OPTIONAL = ['http', 'replies', 'rooms'];

/** Returns the interfaces that a component exports that has these handlers and names these globals. */
export function interfacesFor(handlers, named) {
  const answers = named.has('fetch') ? ['responses'] : [];
  return [...new Set([...ALWAYS, ...handlers.map((name) => HANDLERS[name]), ...answers])];
}

/** Writes the contract into `folder`, with a world `guest` for a script that exports these interfaces. Returns the text of all of it. */
export function writeWorld(folder, interfaces, script) {
  cpSync(WIT, folder, { recursive: true });
  const imported = OPTIONAL.filter((name) => script.includes(`ws-host:server/${name}@`)).map((name) => `  import ${name};\n`);
  const exported = interfaces.filter((name) => name !== 'handler').map((name) => `  export ${name};\n`);
  writeFileSync(join(folder, 'made.wit'), `world guest {\n  include javascript;\n${imported.join('')}${exported.join('')}}\n`);
  return texts(folder).join('\n');
}

function texts(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.wit')).sort();
  return files.map((name) => readFileSync(join(folder, name), 'utf8'));
}
