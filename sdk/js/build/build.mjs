// Builds a component: bundle the module, find its handlers, write the world, add the engine.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { componentize } from 'componentize-qjs';

import { bundle, own } from './bundle.mjs';
import { GLOBALS, globalsFor, namesIn } from './globals.mjs';
import { handlersOf } from './look.mjs';
import { notLoaded } from './not-loaded.mjs';
import { projectOf } from './project.mjs';
import { stampOf, unchanged, write } from './stamp.mjs';
import { checkTypes } from './types.mjs';
import { interfacesFor, MODULES, writeWorld } from './world.mjs';

/** Modules that the host and the engine have. */
const HOST = ['ws-host:*', 'wasi:*'];

/** QuickJS with what the SDK adds to it; `engine/` has its source. */
const ENGINE = new URL('../engine.wasm', import.meta.url);

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
    const handlers = await handlersOf(module, source, { scratch, root, told });
    const alone = await bundle(`export * as all from ${JSON.stringify(module)};`, { root, external: HOST });
    const interfaces = interfacesFor(handlers, namesIn(alone.script));
    const plugins = [globalsFor(alone.script)];
    const { script: bundled, positions } = await bundle(entry(module, interfaces), { root, told, external: HOST, plugins });
    const script = `${bundled};globalThis[Symbol.for('ws-host-guest.positions')] = ${JSON.stringify(positions)};\n`;
    if (kept) writeFileSync(kept, script);
    const wit = join(scratch, 'wit');
    const world = writeWorld(wit, interfaces, script);
    await typesAreRight();
    const engine = readFileSync(ENGINE);
    const stamp = stampOf(script, world, engine);
    const bytes = unchanged(out, cache, stamp);
    if (bytes) return { bytes, interfaces };
    const { component } = await componentize({ witPath: wit, jsSource: script, world: 'guest', runtimeBytes: engine }).catch((error) => {
      throw notBuilt(source, error, positions);
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
  const more = Object.keys(MODULES).filter((name) => interfaces.includes(name));
  return [
    `import ${JSON.stringify(GLOBALS)};`,
    `import application from ${JSON.stringify(module)};`,
    `import { exportsOf } from ${quoted('exports.js')};`,
    ...more.map((name) => `import { ${name} as its_${name} } from ${quoted(MODULES[name])};`),
    `const all = exportsOf(application, { ${more.map((name) => `${name}: its_${name}`).join(', ')} });`,
    ...interfaces.map((name) => `export const ${name} = all.${name};`),
  ].join('\n');
}

/** The engine's report on an exception while the module loads: the exception's message and stack. */
const EXCEPTION = /Error: ((?:(?!Error: ).)*?)\n((?: +at .*\n?)+)$/s;
const FRAME = /\(?[\w:.-]*\buser\.js:(\d+):(\d+)\)?/;

function notBuilt(shown, error, positions) {
  const told = String(error.message ?? error);
  const [, message, stack] = EXCEPTION.exec(told.trimEnd()) ?? [];
  if (stack) return notLoaded(shown, { message, stack }, FRAME, positions);
  return new Error(`the component of ${shown} could not be built: ${told.replace(/\s+/g, ' ').replace(/^[ :]+/, '')}`);
}
