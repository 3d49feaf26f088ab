// Remembers from what a component was built: componentize-qjs makes other bytes each time, and the host would compile them anew.

import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const TOOL = createRequire(import.meta.url)('componentize-qjs/package.json');

/** Returns the stamp of a component from all that goes into it: the script, the world, the engine, and the tool that links them. */
export function stampOf(script, world, engine) {
  return hash([script, world, engine, `${TOOL.version} ${process.platform}`].map(hash).join());
}

/** Returns the size of a component, if it is still the one that was built with this stamp. */
export function unchanged(component, folder, stamp) {
  if (!folder) return undefined;
  try {
    const bytes = readFileSync(component);
    return readFileSync(file(folder), 'utf8') === `${stamp} ${hash(bytes)}\n` ? bytes.length : undefined;
  } catch {
    return undefined;
  }
}

/** Writes a component, and its stamp into `folder`, if one is given. */
export function write(component, bytes, folder, stamp) {
  if (folder) rmSync(file(folder), { force: true });
  // A reader of the file sees the old component or the new one.
  writeFileSync(`${component}.new`, bytes);
  renameSync(`${component}.new`, component);
  if (folder) writeFileSync(file(folder), `${stamp} ${hash(bytes)}\n`);
}

function file(folder) {
  return join(folder, 'stamp');
}

function hash(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
