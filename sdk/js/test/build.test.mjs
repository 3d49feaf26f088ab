// The build's errors for modules that cannot work: one line that says what to do.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { absoluteLines } from '../build/mappings.mjs';
import { translated } from '../src/positions.js';

const TOOL = fileURLToPath(new URL('../bin/ws-host-guest.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ws-host-guest-test-'));
after(() => rmSync(folder, { recursive: true }));

/** Builds a module. Returns the exit code, stdout, stderr and the last line of it. */
function build(source, name = 'app.js', options = []) {
  writeFileSync(join(folder, name), source);
  const command = [TOOL, 'build', name, ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr, said: stderr.trimEnd().split('\n').at(-1) };
}

test('a component exports the interfaces of its handlers', () => {
  const { status, stdout } = build('export default { onMessage() {}, onTimer() {} }');
  assert.equal(status, 0);
  assert.match(stdout, /^app\.wasm: 2\.\d MB, exports handler, timers\n$/);
  assert.ok(statSync(join(folder, 'app.wasm')).size > 1e6);
});

test('TypeScript and a class are built too', () => {
  const { status, stdout } = build(
    `import { room, type Client } from 'ws-host-guest';
     export default class Chat { names = new Map<number, string>(); onConnect(client: Client): void { room.broadcast('x'); } snapshot() { return 1; } }`,
    'app.ts',
  );
  assert.equal(status, 0);
  assert.match(stdout, /exports handler, timers, lifecycle\n$/);
});

test('an unchanged module leaves the component as it is, and a changed one does not', () => {
  const made = () => {
    const { ino, mtimeMs } = statSync(join(folder, 'same.wasm'));
    return `${ino} ${mtimeMs}`;
  };
  const options = ['--out', 'same.wasm', '--cache', '.'];
  const { stdout } = build('export default { onMessage() {} }', 'same.js', options);
  const first = made();
  assert.equal(build('export default { onMessage() {} } // A comment.', 'same.js', options).stdout, stdout);
  assert.equal(made(), first);
  build('export default { onMessage() { return 1; } }', 'same.js', options);
  const second = made();
  assert.notEqual(second, first);
  writeFileSync(join(folder, 'same.wasm'), 'not the component');
  build('export default { onMessage() { return 1; } }', 'same.js', options);
  assert.ok(statSync(join(folder, 'same.wasm')).size > 1e6);
});

test('the types of a project with a tsconfig.json are checked', () => {
  const project = join(folder, 'typed');
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  for (const [name, path] of [['ws-host-guest', '..'], ['typescript', '../node_modules/typescript']]) {
    symlinkSync(fileURLToPath(new URL(path, import.meta.url)), join(project, 'node_modules', name));
  }
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  const settings = { target: 'es2023', lib: ['es2023'], module: 'esnext', moduleResolution: 'bundler', strict: true, types: ['ws-host-guest/globals'] };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: settings }));
  const source = (field) => `import { type App } from 'ws-host-guest';\nexport default { onConnect(client) { client.send(process.env.NAME ?? String(client.${field})); } } satisfies App;`;
  const wrong = build(source('ident'), 'typed/app.ts');
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /^app\.ts:2:\d+ - error TS2339: Property 'ident' does not exist on type 'Client'/);
  assert.equal(wrong.said, 'ws-host-guest: typed/app.ts: its types are wrong (see above)');
  const right = build(source('id'), 'typed/app.ts');
  assert.deepEqual([right.status, right.stderr], [0, '']);
});

test('a module in TypeScript whose types are not checked says so', () => {
  const { status, said } = build('export default { onMessage(): void {} }', 'untyped.ts');
  assert.equal(status, 0);
  assert.match(said, /the types of untyped\.ts are not checked: its project lacks a tsconfig\.json$/);
});

test('a module of Node.js that only computes is built in, and one that cannot be is refused where it is imported', () => {
  const pure = build("import { Buffer } from 'node:buffer'; import path from 'path'; export default { onMessage() { return Buffer.from(path.sep); } }");
  assert.deepEqual([pure.status, pure.stderr], [0, '']);
  // `require` gives the class.
  writeFileSync(join(folder, 'old.cjs'), "module.exports = new (class extends require('events') {})();");
  const required = build("import old from './old.cjs'; old.on('x', () => {}); export default { onMessage() { old.emit('x'); } }");
  assert.deepEqual([required.status, required.stderr], [0, '']);
  const { status, stderr } = build("\nimport { readFileSync } from 'node:fs'; export default { onMessage() { readFileSync('x'); } }");
  assert.equal(status, 1);
  assert.match(stderr, /node:fs is not available: a guest has no files: keep data in/);
  assert.match(stderr, /app\.js:2:29:/);
});

test('a package may import a module that cannot be, as long as it does not use it', () => {
  const project = join(folder, 'optional');
  mkdirSync(join(project, 'node_modules/careful'), { recursive: true });
  writeFileSync(join(project, 'package.json'), '{}');
  writeFileSync(join(project, 'node_modules/careful/index.js'), "const fs = require('fs'); exports.read = () => fs.readFileSync('x');");
  const { status, said } = build("import { read } from 'careful'; export default { onMessage: read }", 'optional/app.js');
  assert.equal(status, 0);
  assert.match(said, /^ws-host-guest: the package careful imports fs, and fails where it uses it: a guest has no files/);
});

test('the build of a package for browsers comes first, and it is the one for production', () => {
  const project = join(folder, 'browser');
  mkdirSync(join(project, 'node_modules/both'), { recursive: true });
  writeFileSync(join(project, 'package.json'), '{}');
  const manifest = { main: 'node.js', browser: 'browser.js' };
  writeFileSync(join(project, 'node_modules/both/package.json'), JSON.stringify(manifest));
  writeFileSync(join(project, 'node_modules/both/node.js'), 'throw new Error("for Node.js")');
  const choice = 'if (process.env.NODE_ENV !== "production") throw new Error("for development"); exports.one = 1;';
  writeFileSync(join(project, 'node_modules/both/browser.js'), choice);
  const { status, stderr } = build("import { one } from 'both'; export default { onMessage() { return one; } }", 'browser/app.js');
  assert.deepEqual([status, stderr], [0, '']);
});

test('a module that fails while it loads is reported with its own file and line', () => {
  mkdirSync(join(folder, 'parts'), { recursive: true });
  // Node.js, which looks for the handlers, has this global, and the engine does not.
  writeFileSync(join(folder, 'parts/late.ts'), 'interface Gone {\n  x: number;\n}\nexport function late() {\n  if (!globalThis.Atomics?.waitAsync) null!.x;\n}\n');
  const { said, stderr } = build("import { late } from './parts/late.ts';\n\nlate();\nexport default { onMessage() {} }", 'loads.js');
  assert.match(said, /^ws-host-guest: loads\.js failed while it was loaded: cannot read property 'x' of null \(parts\/late\.ts:5:\d+\)$/);
  assert.match(stderr, /^ {4}at late \(parts\/late\.ts:5:\d+\)\n {4}at .*\(loads\.js:3:\d\)\n/);
});

test('positions of a stack are translated by the mappings of a source map', () => {
  // Generated line 1 has columns 0 and 4, of a.js 1:1 and 2:3; line 3 has column 0, of b.js 5:1.
  const positions = { mappings: absoluteLines('AAAA,IACE;;ACGF'), sources: ['a.js', 'b.js', ''] };
  const frame = /\(script\.js:(\d+):(\d+)\)/;
  const stack = ['at f (script.js:1:4)', 'at g (script.js:1:9)', 'at map (native)', 'at h (script.js:3:1)'].join('\n');
  assert.equal(translated(stack, frame, positions), ['at f (a.js:1:1)', 'at g (a.js:2:3)', 'at map (native)', 'at h (b.js:5:1)'].join('\n'));
  const own = { ...positions, sources: ['', 'b.js'] };
  assert.equal(translated(stack, frame, own), 'at map (native)\nat h (b.js:5:1)', 'frames of the SDK are left out');
  assert.equal(translated('at f (script.js:1:4)', frame, own), 'at f (script.js:1:4)', 'a stack of the SDK alone stays');
  // Columns 0 and 4 of the SDK's source 0, 6 and 8 of the source 1, 10 of the source 0 again.
  const [mixed, shorter] = [absoluteLines('AAAA,IAAI,ECCA,EAAE,EDDA'), absoluteLines('AAAA,IAAI,ECCA,EAAE,EDDA', (index) => index === 0)];
  assert.equal(shorter.split(',').length, 4, 'the SDK has one position for neighbours');
  for (const column of [1, 5, 7, 9, 11]) {
    const [one, other] = [mixed, shorter].map((mappings) => translated(`at f (script.js:1:${column})\nat g (x:1:1)`, frame, { mappings, sources: ['', 'b.js'] }));
    assert.equal(one, other);
  }
});

test('a module that asks for chance or variables while it loads is told of, with its place', () => {
  const source = `const seed = Math.random();
    const secret = process.env.SECRET ?? '';
    for (let i = 0; i < 9; i += 1) crypto.getRandomValues(new Uint8Array(1));
    export default { onMessage() { return seed + secret + Math.random() + process.env.OTHER; } };`;
  const { status, stderr } = build(source, 'early.js');
  assert.equal(status, 0);
  assert.deepEqual(stderr.trim().split('\n'), [
    'ws-host-guest: early.js:1 draws a random number while the module loads, in the build: it is the same in every instance',
    'ws-host-guest: early.js:2 reads process.env.SECRET while the module loads, in the build: read it in a handler',
    'ws-host-guest: early.js:3 draws a random number while the module loads, in the build: it is the same in every instance',
  ]);
});

const mistakes = {
  'a module without a default export': ['export const onMessage = 1;', /^ws-host-guest: app\.js has no default export with handlers: `export default/],
  'an export without handlers': ['export default { answer: 42 }', /has no handler: it may have onConnect, onMessage/],
  'a handler that nothing calls': ['export default { onOpen() {} }', /has a handler onOpen, which nothing calls: the handlers are onConnect/],
  'a module that waits for ever': [
    'await new Promise(() => {}); export default { onMessage() {} }',
    /failed while it was loaded: an `await` outside of the handlers waits for something that never happens/,
  ],
  'a module that fails while it loads': ['null.x; export default {}', /failed while it was loaded: Cannot read properties of null/],
  'a module that calls the host while it loads': [
    "import { room } from 'ws-host-guest'; room.count; export default { onMessage() {} }",
    /the host can be called only in handlers/,
  ],
  'a missing import': ["import 'no-such-package'; export default {}", /could not be bundled \(see above\)/],
};
for (const [what, [source, line]] of Object.entries(mistakes)) {
  test(`${what} is reported in one line`, () => {
    const { status, said } = build(source);
    assert.equal(status, 1);
    assert.match(said, line);
  });
}

test('what a module prints or begins while it loads disturbs no build', () => {
  const timers = 'setTimeout(() => { throw new Error("in the build") }); setInterval(() => { throw new Error("too") }, 1);';
  const { status, stdout, stderr } = build(`console.log("loaded"); ${timers} export default { onMessage() {} }`);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^app\.wasm: [^\n]*\n$/);
  assert.equal(stderr, 'loaded\n');
});

test('an error that a promise of the module leaves behind is one line', () => {
  const { status, stderr } = build('async function main() { throw new Error("lost"); } main(); export default { onMessage() {} }');
  assert.equal(status, 1);
  assert.equal(stderr, 'ws-host-guest: while the module loaded, nothing handled this error: lost\n');
});

test('a missing file is reported', () => {
  const { stderr } = spawnSync(process.execPath, [TOOL, 'build', 'none.js'], { cwd: folder, encoding: 'utf8' });
  assert.match(stderr, /none\.js does not exist/);
});
