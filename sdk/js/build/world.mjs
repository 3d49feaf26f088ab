// The world of one component: what it exports depends on the handlers that its module has.

import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WIT = fileURLToPath(new URL('../wit', import.meta.url));

/** Each handler, and the interface of the contract that it belongs to. */
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

/** The interfaces that these handlers need. The three handlers of `handler` are not optional. */
export function interfacesFor(handlers) {
  return [...new Set(['handler', ...handlers.map((name) => HANDLERS[name])])];
}

/** Writes the contract with a world `guest` that exports these interfaces. */
export function writeWorld(folder, interfaces) {
  cpSync(WIT, folder, { recursive: true });
  const exported = interfaces.filter((name) => name !== 'handler').map((name) => `  export ${name};\n`);
  writeFileSync(join(folder, 'made.wit'), `world guest {\n  include javascript;\n${exported.join('')}}\n`);
}
