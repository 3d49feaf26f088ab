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
  onTimer: 'timers',
};

/** The interfaces that every component exports. `setTimeout` needs the timers. */
const ALWAYS = ['handler', 'timers'];

/** Returns the interfaces that a component with these handlers exports. */
export function interfacesFor(handlers) {
  return [...new Set([...ALWAYS, ...handlers.map((name) => HANDLERS[name])])];
}

/** Writes the contract into `folder`, with a world `guest` that exports these interfaces. Returns the text of all of it. */
export function writeWorld(folder, interfaces) {
  cpSync(WIT, folder, { recursive: true });
  const exported = interfaces.filter((name) => name !== 'handler').map((name) => `  export ${name};\n`);
  writeFileSync(join(folder, 'made.wit'), `world guest {\n  include javascript;\n${exported.join('')}}\n`);
  return texts(folder).join('\n');
}

function texts(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.wit')).sort();
  return files.map((name) => readFileSync(join(folder, name), 'utf8'));
}
