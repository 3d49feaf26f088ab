// The project that a module belongs to.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Returns the folder of the nearest package.json, or the module's own folder. */
export function projectOf(module) {
  return above(dirname(module)).find((folder) => existsSync(join(folder, 'package.json'))) ?? dirname(module);
}

function above(folder) {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...above(parent)];
}
