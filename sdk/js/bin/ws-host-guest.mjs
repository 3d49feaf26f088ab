#!/usr/bin/env node
// `ws-host-guest build`: builds the component of a module.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as util from 'node:util';

const USAGE = `ws-host-guest: builds a component for ws-host from a JavaScript or TypeScript module

  ws-host-guest build src/index.js -o app.wasm

  -o, --out FILE     the component's file [app.wasm]
  --bundle FILE      keep the bundled JavaScript
  --cache FOLDER     leave the component as it is if it would come out the same; the folder keeps what that takes to know
  -h, --help         show this help
  -V, --version      show the version
`;

const OPTIONS = {
  out: { type: 'string', short: 'o', default: 'app.wasm' },
  bundle: { type: 'string' },
  cache: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
};

const OLDEST_NODE = 20;

try {
  if (parseInt(process.versions.node) < OLDEST_NODE) {
    throw new Error(`node is version ${process.versions.node}, which is too old: install Node.js ${OLDEST_NODE} or newer`);
  }
  await main();
  // The inspected module may have left timers running.
  process.exit(0);
} catch (error) {
  process.stderr.write(`ws-host-guest: ${oneLine(error)}\n`);
  process.exit(error.code?.startsWith?.('ERR_PARSE_ARGS') ? 2 : 1);
}

async function main() {
  const { values, positionals } = util.parseArgs({ options: OPTIONS, allowPositionals: true });
  if (values.help) return process.stdout.write(USAGE);
  if (values.version) {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    return process.stdout.write(`ws-host-guest ${manifest.version}\n`);
  }
  const [command, source, ...rest] = positionals;
  if (command !== 'build' || !source || rest.length > 0) {
    throw new Error('name the module to build: `ws-host-guest build src/index.js -o app.wasm`');
  }
  // The last line on stdout is for the component alone. The build runs the module once, and what that prints goes to stderr.
  globalThis.console = new console.Console({ stdout: process.stderr, stderr: process.stderr, colorMode: false });
  for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, failed);
  const { build } = await import('../build/build.mjs').catch(missing);
  const { bytes, interfaces } = await build(source, values);
  process.stdout.write(`${values.out}: ${(bytes / 1e6).toFixed(1)} MB, exports ${interfaces.join(', ')}\n`);
}

/** Ends the build for an error that a promise or a callback of the module has left behind. */
function failed(error) {
  process.stderr.write(`ws-host-guest: while the module loaded, nothing handled this error: ${oneLine(error ?? 'undefined')}\n`);
  process.exit(1);
}

function missing(error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  const name = /package '([^']+)'/.exec(error.message)?.[1] ?? 'a package';
  const own = fileURLToPath(new URL('..', import.meta.url));
  // npm installs no packages for a folder that it links.
  const install = own.includes('node_modules') ? 'npm install` in the folder of your package.json' : `npm install --prefix ${own}\``;
  throw new Error(`${name} is missing: run \`${install}`);
}

function oneLine(error) {
  // esbuild has already printed its messages, with positions.
  return (error.message ?? String(error)).split('\n')[0];
}
