// Writes the library as one file, for pages without a bundler. `npm test` compares.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => new URL(path, import.meta.url);
const read = (path) => readFileSync(at(path), 'utf8');

/** The modules in one, without imports. It exports no names that only they share. */
function oneModule() {
  const { version } = JSON.parse(read('package.json'));
  const inner = (name) => read(`src/${name}.js`).replace(/^export (class Session|function)/gm, '$1');
  const outer = read('src/socket.js').replace(/^(import .*\n)+\n/m, '').replace(/^export { Breach };\n\n/m, '');
  const head = `// ws-host-client ${version}, MIT or Apache-2.0. The README of the package describes it.\n`;
  return [head, inner('payload'), inner('session'), outer].join('\n');
}

/** The copies: each file, what it holds, and what it should hold. */
export function copies() {
  const path = 'ws-host-client.js';
  return [{ path, held: read(path), text: oneModule() }];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) copies().forEach(({ path, text }) => writeFileSync(at(path), text));
