// The library for clients, in ../../../client: its own tests need no packages, and these need those of this one.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const client = join(here, '../../../client');

test('the library is below 4 KB, minified and compressed', async () => {
  const options = { bundle: true, minify: true, format: 'esm', target: 'es2022', write: false };
  const { outputFiles } = await build({ entryPoints: [join(client, 'src/socket.js')], ...options });
  const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  assert.ok(bytes < 4096, `${bytes} bytes`);
});

test('its types are valid', () => {
  const lib = ['--lib', 'es2022,dom', '--target', 'es2022', '--module', 'nodenext'];
  execFileSync(process.execPath, [join(here, '../node_modules/typescript/bin/tsc'), '--noEmit', '--strict', ...lib, join(client, 'index.d.ts')]);
});
