// Builds guests that use packages of npm, and plays a dialogue with each: `node run.mjs [NAME ..]`. Without a name, it tries all.
//
// With `--together` one guest uses all of the packages that the test command tries. `WS_HOST` names the host's binary.

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { serve } from './api.mjs';
import { PACKAGES } from './list.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const HOST = process.env.WS_HOST ?? 'ws-host';
const together = process.argv.includes('--together');
const named = process.argv.slice(2).filter((name) => !name.startsWith('--'));

const names = Object.keys(PACKAGES).filter((name) => (together ? PACKAGES[name].tested : named.length === 0 || named.includes(name)));
install();
const api = await serve();
const failed = [];
for (const those of together ? [names] : names.map((name) => [name])) failed.push(await tried(those));
process.exit(failed.some(Boolean) ? 1 : 0);

/** Installs the packages of package-lock.json, for `--together` only its dependencies, unless they are installed. */
function install() {
  if (!names.every((name) => existsSync(join(HERE, 'node_modules', name)))) {
    execFileSync('npm', ['ci', '--ignore-scripts', '--silent', ...(together ? ['--omit=dev'] : [])], { cwd: HERE, stdio: 'inherit' });
  }
  // A link in the lock file would have its path there.
  const link = join(HERE, 'node_modules/ws-host-guest');
  if (!existsSync(link)) symlinkSync('../../..', link, 'dir');
}

/** Tries a guest that uses these packages. Returns whether it is not as expected. */
async function tried(names) {
  const folder = join(HERE, '.ws-host', names.length > 1 ? 'together' : names[0].replace('/', '+'));
  writeGuest(folder, names);
  const { status, output } = await played(folder);
  const { told } = PACKAGES[names[0]];
  const right = told ? status !== 0 && told.test(output) : status === 0;
  const versions = names.map((name) => `${name} ${JSON.parse(readFileSync(join(HERE, 'node_modules', name, 'package.json'), 'utf8')).version}`);
  process.stdout.write(`${versions.join(', ')}: ${right ? (told ? 'refused, as it should be' : 'works') : `NOT AS EXPECTED\n${output}`}\n`);
  return !right;
}

/** Plays the dialogue of a project, whose guest may ask the server. */
function played(folder) {
  const flags = ['--allow-http', 'localhost', '--allow-http-private', '127.0.0.0/8', '--env', `API=http://localhost:${api.address().port}`];
  return new Promise((done) => {
    execFile(HOST, ['test', folder, ...flags], (error, stdout, stderr) => done({ status: error ? (error.code ?? 1) : 0, output: stdout + stderr }));
  });
}

/** Writes a project whose handler answers a package's name with what its use gives. */
function writeGuest(folder, names) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'tests'), { recursive: true });
  names.forEach((name, index) => writeFileSync(join(folder, `use${index}.js`), PACKAGES[name].use));
  const uses = names.map((name, index) => `  ${JSON.stringify(name)}: use${index},\n`);
  const source = `${names.map((_, index) => `import { use as use${index} } from './use${index}.js';\n`).join('')}
const uses = {\n${uses.join('')}};
export default {
  onMessage(client, name) {
    const answer = (value) => client.send(JSON.stringify(value));
    const result = uses[name]();
    typeof result?.then === 'function' ? result.then(answer) : answer(result);
  },
};\n`;
  writeFileSync(join(folder, 'app.js'), source);
  writeFileSync(join(folder, 'package.json'), '{ "main": "app.js", "type": "module" }');
  const lines = names.flatMap((name) => [`ann says ${name}`, `ann hears ${JSON.stringify(PACKAGES[name].expected)}`]);
  writeFileSync(join(folder, 'tests/uses.chat'), ['ann joins', ...lines, ''].join('\n'));
}
