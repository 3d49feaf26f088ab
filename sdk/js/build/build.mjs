// Builds a component: bundle the module, find its handlers, write the world, add the engine.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { componentize } from 'componentize-qjs';
import * as esbuild from 'esbuild';

import { handlersOf } from './look.mjs';
import { interfacesFor, writeWorld } from './world.mjs';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

/** Builds the component of a module. Returns its size in bytes and the interfaces that it exports. */
export async function build(source, { out, bundle: kept }) {
  const module = resolve(source);
  if (!existsSync(module)) throw new Error(`${source} does not exist: give the module whose default export has the handlers`);
  const scratch = mkdtempSync(join(tmpdir(), 'ws-host-guest-'));
  try {
    const interfaces = interfacesFor(await handlersOf(module, source, { scratch, bundle }));
    const wit = join(scratch, 'wit');
    writeWorld(wit, interfaces);
    const script = await bundle(entry(module, interfaces), { external: ['ws-host:*', 'wasi:*'] });
    if (kept) writeFileSync(kept, script);
    const { component } = await componentize({ witPath: wit, jsSource: script, world: 'guest', sync: true }).catch((error) => {
      throw new Error(`the component of ${source} could not be built: ${cause(error)}`);
    });
    writeFileSync(out, component);
    return { bytes: component.length, interfaces };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Bundles a module and its imports, TypeScript included, into one script. esbuild prints its own messages. */
async function bundle(contents, options) {
  const result = await esbuild
    .build({
      stdin: { contents, resolveDir: PACKAGE, sourcefile: 'ws-host-guest' },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['import', 'module'],
      target: 'es2023',
      keepNames: false,
      alias: { 'ws-host-guest': join(PACKAGE, 'src/index.js') },
      logLevel: 'error',
      ...options,
    })
    .catch(() => {
      throw new Error('it could not be bundled (see above)');
    });
  return result.outputFiles[0].text;
}

/** Returns the source of the module whose exports become the component's. */
function entry(module, interfaces) {
  const own = (file) => JSON.stringify(join(PACKAGE, 'src', file));
  return [
    `import ${own('globals.js')};`,
    `import application from ${JSON.stringify(module)};`,
    `import { exportsOf } from ${own('exports.js')};`,
    'const all = exportsOf(application);',
    ...interfaces.map((name) => `export const ${name} = all.${name};`),
  ].join('\n');
}

/** Returns the innermost line of the engine's error for a module that fails while it loads. */
function cause(error) {
  const lines = String(error.message ?? error).split('\n').map((line) => line.trim()).filter(Boolean);
  return lines.find((line) => /Error: /.test(line)) ?? lines.join(' ');
}
