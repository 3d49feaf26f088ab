#!/usr/bin/env node
// `ws-host-guest build`: from a module to a component.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const USAGE = `ws-host-guest: makes a component for ws-host of a JavaScript or TypeScript module

  ws-host-guest build src/index.js -o app.wasm

  -o, --out FILE     where the component goes [app.wasm]
  --bundle FILE      keep the bundled JavaScript too: positions in stacks are positions in it
  -h, --help         this
  -V, --version      the version
`;

const OPTIONS = {
  out: { type: 'string', short: 'o', default: 'app.wasm' },
  bundle: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
};

try {
  await main();
  // A module that was looked at may have left timers behind.
  process.exit(0);
} catch (error) {
  process.stderr.write(`ws-host-guest: ${oneLine(error)}\n`);
  process.exit(error.code?.startsWith?.('ERR_PARSE_ARGS') ? 2 : 1);
}

async function main() {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  if (values.help) return process.stdout.write(USAGE);
  if (values.version) {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    return process.stdout.write(`ws-host-guest ${manifest.version}\n`);
  }
  const [command, source, ...rest] = positionals;
  if (command !== 'build' || !source || rest.length > 0) {
    throw new Error('say what to build: `ws-host-guest build src/index.js -o app.wasm`');
  }
  const { build } = await import('../build/build.mjs').catch(missing);
  const { bytes, interfaces } = await build(source, values);
  process.stdout.write(`${values.out}: ${(bytes / 1e6).toFixed(1)} MB, exports ${interfaces.join(', ')}\n`);
}

function missing(error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  const name = /package '([^']+)'/.exec(error.message)?.[1] ?? 'a package';
  throw new Error(`${name} is missing: run \`npm install\` in the folder of your package.json`);
}

function oneLine(error) {
  // esbuild tells its own messages, with the place, above.
  return (error.message ?? String(error)).split('\n')[0];
}
