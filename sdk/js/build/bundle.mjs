// Bundles modules into one script, with esbuild.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as esbuild from 'esbuild';

import { builtins } from './builtins.mjs';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

/** Bundles a module and its imports, TypeScript included, into one script. esbuild prints its own messages. */
export async function bundle(contents, { root, plugins = [], told = () => {}, ...options }) {
  const result = await esbuild
    .build({
      stdin: { contents, resolveDir: PACKAGE, sourcefile: 'ws-host-guest' },
      // Paths in the script are relative to the project, so that the same source gives the same script anywhere.
      absWorkingDir: root,
      bundle: true,
      write: false,
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
      plugins: [...plugins, builtins(told)],
      ...options,
    })
    .catch(() => {
      throw new Error('it could not be bundled (see above)');
    });
  return result.outputFiles[0].text;
}

/** The path of a module of the SDK. */
export function own(file) {
  return join(PACKAGE, 'src', file);
}
