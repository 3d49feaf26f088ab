// The script of an application for its tests: bundled as in the build, with the host and the globals of a test.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { bundle, own } from '../../build/bundle.mjs';
import { projectOf } from '../../build/project.mjs';
import { MODULES as EXPORTS } from '../../build/world.mjs';
import { INTERFACES } from './host/index.js';
import { MISSING } from './missing.js';

/** The modules of the SDK that have another form in a test. */
const INSTEAD = new Map(['jobs.js', 'clock.js', 'output.js'].map((name) => [own(name), inside(name)]));

/** The modules of the engine and of WASI. */
const MODULES = { 'ws-host:engine': inside('engine.js'), 'wasi:cli/environment@0.2.6': inside('environment.js') };

/** A module that takes away the globals of Node.js. */
const LACKING = 'ws-host-guest:lacking';

/** With this variable, a module that is loaded tells its name to the process that watches it. */
const WATCHED = 'WATCH_REPORT_DEPENDENCIES';

/** The scripts that were made, by module. */
const scripts = new Map();

let folder;

/** Returns the URL of the script for a module: a path, an URL, or nothing for the `main` of the project in the working directory. */
export async function scriptOf(module = mainOf(process.cwd())) {
  const file = module instanceof URL || /^file:/.test(module) ? fileURLToPath(module) : resolve(module);
  if (!scripts.has(file)) scripts.set(file, made(file, scripts.size));
  return scripts.get(file);
}

/** Evaluates a script anew. The watch must not see it: it comes and goes with the process. */
export async function evaluated(script, instance) {
  const watched = process.env[WATCHED];
  delete process.env[WATCHED];
  try {
    return await import(`${script}?instance=${instance}`);
  } finally {
    if (watched !== undefined) process.env[WATCHED] = watched;
  }
}

async function made(module, number) {
  const root = projectOf(module);
  const options = { root, told, plugins: [inTest], inject: [inside('globals.js'), LACKING], logOverride: { 'import-is-undefined': 'silent' } };
  const { script, map } = await bundle(entry(module), options);
  folder ??= temporary();
  const file = join(folder, `app-${number}.mjs`);
  const sources = map.sources.map((source) => (/^[a-z-]+:/.test(source) ? source : pathToFileURL(join(root, source)).href));
  const comment = Buffer.from(JSON.stringify({ ...map, sources })).toString('base64');
  // `node --test --watch` runs the test again when one of the sources changes.
  if (process.env[WATCHED]) process.send?.({ 'watch:import': sources.filter((source) => /^file:/.test(source)) });
  writeFileSync(file, `${script}\n//# sourceMappingURL=data:application/json;base64,${comment}\n`);
  return pathToFileURL(file).href;
}

/** Returns the source of the module that starts an instance. */
function entry(module) {
  return `
    import application from ${JSON.stringify(module)};
    import { exportsOf } from ${JSON.stringify(own('exports.js'))};
    ${Object.entries(EXPORTS).map(([name, file]) => `import { ${name} } from ${JSON.stringify(own(file))};`).join('\n')}
    import { room } from ${JSON.stringify(own('index.js'))};
    import { attach } from ${JSON.stringify(inside('bridge.js'))};
    export function start(host) {
      attach(host);
      return { ...exportsOf(application, { ${Object.keys(EXPORTS).join(', ')} }), room };
    }`;
}

const inTest = {
  name: 'in-test',
  setup(build) {
    build.onResolve({ filter: /^\.\.?\/[a-z-]+\.js$/ }, ({ path, resolveDir }) => {
      const instead = INSTEAD.get(resolve(resolveDir, path));
      return instead && { path: instead };
    });
    build.onResolve({ filter: new RegExp(`^${LACKING}$`) }, () => ({ path: LACKING, namespace: 'test' }));
    build.onResolve({ filter: /^(ws-host|wasi):/ }, ({ path }) => ({ path: MODULES[path] ?? path, namespace: path in MODULES ? 'file' : 'test' }));
    build.onLoad({ filter: /./, namespace: 'test' }, ({ path }) => ({ contents: path === LACKING ? lacking() : imported(path), resolveDir: inside('.') }));
  },
};

function lacking() {
  return `const missing = undefined; export { ${MISSING.map((name) => `missing as ${name}`).join(', ')} };`;
}

/** Returns the source of an interface that the SDK imports. */
function imported(path) {
  const name = /^ws-host:server\/([a-z-]+)@/.exec(path)?.[1];
  if (!name || !Object.hasOwn(INTERFACES, name)) throw new Error(`a room of a test has no ${path}`);
  const functions = Object.keys(INTERFACES[name]({}));
  return `import { there } from ${JSON.stringify(inside('bridge.js'))};
    ${functions.map((its) => `const its_${its} = (...details) => there().${name}.${its}(...details); export { its_${its} as ${its} };`).join('\n')}`;
}

/** Returns the `main` of the package.json in a folder or above it. */
function mainOf(here) {
  const root = projectOf(join(here, 'package.json'));
  const { main } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (!main) throw new Error(`${join(relative(here, root), 'package.json')} has no \`main\`: name the module with the handlers, Room.open('src/index.js')`);
  return join(root, main);
}

function temporary() {
  const made = mkdtempSync(join(tmpdir(), 'ws-host-guest-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}

function told(line) {
  process.stderr.write(`ws-host-guest: ${line}\n`);
}

function inside(file) {
  return fileURLToPath(new URL(`inside/${file}`, import.meta.url));
}
