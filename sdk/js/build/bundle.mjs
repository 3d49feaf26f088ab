// Bundles modules into one script, with esbuild.

import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as esbuild from 'esbuild';

import { builtins } from './builtins.mjs';
import { absoluteLines } from './mappings.mjs';

/** The name of the script that imports the module. */
const ENTRY = 'ws-host-guest';

/** The packages that the SDK takes globals and modules from. npm may install them beside it. */
const SHIMS = /node_modules[\\/](@jspm[\\/]core|web-streams-polyfill)[\\/]/;

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

/**
 * Bundles a module and its imports, TypeScript included, into one script. Returns it with its source map, and with its table of positions:
 * the map's mappings, and the paths of the sources, empty for those of the SDK. esbuild prints its own messages.
 */
export async function bundle(contents, { root, plugins = [], told = () => {}, ...options }) {
  const result = await esbuild
    .build({
      stdin: { contents, resolveDir: PACKAGE, sourcefile: ENTRY },
      // Paths in the script are relative to the project, so that the same source gives the same script anywhere.
      absWorkingDir: root,
      outfile: join(root, 'guest.js'),
      bundle: true,
      write: false,
      sourcemap: 'external',
      sourcesContent: false,
      format: 'esm',
      platform: 'neutral',
      // A guest is most like a worker of a browser.
      mainFields: ['browser', 'module', 'main'],
      conditions: ['workerd', 'worker', 'browser', 'module'],
      define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
      target: 'es2023',
      keepNames: false,
      alias: { 'ws-host-guest': own('index.js') },
      logLevel: 'error',
      plugins: [...plugins, OPTIONAL, builtins(told)],
      ...options,
    })
    .catch(() => {
      throw new Error('it could not be bundled (see above)');
    });
  const [text, script] = ['.map', '.js'].map((end) => result.outputFiles.find(({ path }) => path.endsWith(end)).text);
  const map = JSON.parse(text);
  const sources = map.sources.map((source) => (isOwn(source, root) ? '' : source));
  return { script, map, positions: { mappings: absoluteLines(map.mappings, (index) => sources[index] === ''), sources } };
}

/** A guest that sends nothing to other rooms leaves this module out, with its import of the host. */
const OPTIONAL = {
  name: 'optional',
  setup(build) {
    build.onResolve({ filter: /^\.\/rooms\.js$/ }, ({ path, resolveDir }) =>
      join(resolveDir, path) === own('rooms.js') ? { path: own('rooms.js'), sideEffects: false } : undefined);
  },
};

/** Whether a source is the SDK's: a module that a plugin makes, or one of the SDK's files or shims. */
function isOwn(source, root) {
  const file = join(root, source);
  const name = relative(PACKAGE, file);
  return /^[a-z-]+:/.test(source) || basename(file) === ENTRY || name.startsWith('src') || SHIMS.test(name);
}

/** The path of a module of the SDK. */
export function own(file) {
  return join(PACKAGE, 'src', file);
}
