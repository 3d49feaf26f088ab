// Checks the types of a project with its own TypeScript compiler.

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Begins the check. Returns a function that waits for it, and throws if a type is wrong. */
export function checkTypes(root, module, shown) {
  const settings = join(root, 'tsconfig.json');
  const compiler = existsSync(settings) ? compilerOf(root) : undefined;
  if (!compiler) {
    const lacks = existsSync(settings) ? 'the package typescript (npm install --save-dev typescript)' : 'a tsconfig.json';
    if (/\.[mc]?tsx?$/.test(module)) warn(`the types of ${shown} are not checked: its project lacks ${lacks}`);
    return async () => {};
  }
  const checked = run(compiler, ['--project', settings, '--noEmit', '--pretty'], root);
  return async () => {
    const { failed, output } = await checked;
    if (!failed) return;
    process.stderr.write(output);
    throw new Error(`${shown}: its types are wrong (see above)`);
  };
}

/** Returns the path of the project's compiler, or undefined. */
function compilerOf(root) {
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve('typescript/package.json');
    return join(dirname(manifest), JSON.parse(readFileSync(manifest, 'utf8')).bin.tsc);
  } catch {
    return undefined;
  }
}

function run(compiler, options, cwd) {
  return new Promise((done) => {
    execFile(process.execPath, [compiler, ...options], { cwd }, (error, stdout, stderr) => {
      const output = stdout + stderr;
      done({ failed: error !== null, output: process.stderr.isTTY ? output : plain(output) });
    });
  });
}

/** Removes the terminal's colours, which `--pretty` always has. */
function plain(text) {
  return text.replace(/\u001b\[[\d;]*m/g, '');
}

function warn(text) {
  process.stderr.write(`ws-host-guest: ${text}\n`);
}
