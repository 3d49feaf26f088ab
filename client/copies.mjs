// Writes the library as one file, for pages without a bundler, and into the chat page. `npm test` compares.

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

/** The chat page with the library, which is one file too: a function keeps the library's own names apart from the page's. */
function page(html) {
  const library = oneModule().replace(/^export /gm, '');
  const part = /(^\/\/ -+ ws-host-client: .*\n)[^]*?(^\/\/ -+ End of ws-host-client -+$)/m;
  return html.replace(part, (_, begin, end) => `${begin}const { Socket } = (() => {\n${library}\nreturn { Socket };\n})();\n${end}`);
}

/** The copies: each file, what it holds, and what it should hold. */
export function copies() {
  const [file, html] = ['ws-host-client.js', '../client.html'];
  return [
    { path: file, held: read(file), text: oneModule() },
    { path: html, held: read(html), text: page(read(html)) },
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) copies().forEach(({ path, text }) => writeFileSync(at(path), text));
