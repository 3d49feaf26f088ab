// Builds a component: bundle the module, find its handlers, write the world, add the engine.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { componentize } from 'componentize-qjs';

import { bundle, own } from './bundle.mjs';
import { handlersOf } from './look.mjs';
import { projectOf } from './project.mjs';
import { stampOf, unchanged, write } from './stamp.mjs';
import { checkTypes } from './types.mjs';
import { interfacesFor, writeWorld } from './world.mjs';

/**
 * Builds the component of a module. Returns its size in bytes and the interfaces that it exports. With a folder `cache`, a
 * component that would come out the same is left as it is.
 */
export async function build(source, { out, bundle: kept, cache }) {
  const module = resolve(source);
  if (!existsSync(module)) throw new Error(`${source} does not exist: give the module whose default export has the handlers`);
  const root = projectOf(module);
  const scratch = mkdtempSync(join(tmpdir(), 'ws-host-guest-'));
  try {
    const typesAreRight = checkTypes(root, module, source);
    const interfaces = interfacesFor(await handlersOf(module, source, { scratch, root }));
    const wit = join(scratch, 'wit');
    const world = writeWorld(wit, interfaces);
    const script = await bundle(entry(module, interfaces), { root, told, external: ['ws-host:*', 'wasi:*'] });
    if (kept) writeFileSync(kept, script);
    await typesAreRight();
    const stamp = stampOf(script, world);
    const bytes = unchanged(out, cache, stamp);
    if (bytes) return { bytes, interfaces };
    const { component } = await componentize({ witPath: wit, jsSource: script, world: 'guest', sync: true }).catch((error) => {
      throw new Error(`the component of ${source} could not be built: ${cause(error)}`);
    });
    write(out, component, cache, stamp);
    return { bytes: component.length, interfaces };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function told(line) {
  process.stderr.write(`ws-host-guest: ${line}\n`);
}

/** Returns the source of the module whose exports become the component's. */
function entry(module, interfaces) {
  const quoted = (file) => JSON.stringify(own(file));
  return [
    `import ${quoted('globals.js')};`,
    `import application from ${JSON.stringify(module)};`,
    `import { exportsOf } from ${quoted('exports.js')};`,
    'const all = exportsOf(application);',
    ...interfaces.map((name) => `export const ${name} = all.${name};`),
  ].join('\n');
}

/** Returns the innermost line of the engine's error for a module that fails while it loads. */
function cause(error) {
  const lines = String(error.message ?? error).split('\n').map((line) => line.trim()).filter(Boolean);
  return lines.find((line) => /Error: /.test(line)) ?? lines.join(' ');
}
