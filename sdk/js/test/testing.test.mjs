// The room of a test keeps the rules of the host: those of `tests/conformance.rs`, as far as they need no socket.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Refused, Room } from 'ws-host-guest/testing';

const folder = mkdtempSync(join(tmpdir(), 'ws-host-guest-test-'));
after(() => rmSync(folder, { recursive: true }));

let modules = 0;

/** Writes a module whose default export is this source, and opens a room of it. */
function opened(source, before = '', options = {}) {
  const file = join(folder, `app-${modules++}.js`);
  writeFileSync(file, `import { room } from 'ws-host-guest';\n${before}\nexport default ${source};`);
  return Room.open(file, options);
}

const probe = () => Room.open(new URL('../../../tests/guests-js/probe.js', import.meta.url));

/** A room of the probe that the tests of the host command, with two clients that have heard of each other. */
async function two(room) {
  const [first, second] = [await room.join(), await room.join()];
  assert.deepEqual(room.hears(first), ['joined 1', 'joined 2']);
  assert.deepEqual(room.hears(second), ['joined 2']);
  return [first, second];
}

/** Returns the answer that a client hears when it says something. */
async function asks(room, client, text) {
  await room.says(client, text);
  return room.hears(client).join('; ');
}

test('a newcomer hears of itself, and so do the others', async () => {
  await two(await probe());
});

test('a leaver is told of once, with code and reason, and is no member', async () => {
  const room = await probe();
  const [stays, leaves] = await two(room);
  await room.leaves(leaves, { code: 4002, reason: 'done' });
  await room.leaves(leaves);
  const left = 'left 2: 4002 "done" clean=true CloseCause::Client member=false known=true send=no-such-client';
  assert.deepEqual(room.hears(stays), [left]);
  await room.says(leaves, 'all too late');
  assert.equal(await asks(room, stays, 'list'), '[1] of 1');
});

test('events are handled in the order in which the test asks for them', async () => {
  const room = await probe();
  const [first, second] = await two(room);
  room.says(first, 'later X');
  room.says(second, 'all from the second');
  await room.wait(100);
  assert.deepEqual(room.hears(first), ['now', 'after a job', 'from the second', 'after a timer, X', 'number 1', 'number 2']);
});

test('a broadcast passes over those whom it excepts', async () => {
  const room = await probe();
  const [first, second] = await two(room);
  assert.equal(await asks(room, first, 'others for the second'), 'ok');
  assert.deepEqual(room.hears(second), ['for the second']);
});

test('text and bytes arrive as they were sent', async () => {
  const room = await probe();
  const client = await room.join();
  room.hears(client);
  assert.equal(await asks(room, client, 'say grüße, 世界 🌍'), 'grüße, 世界 🌍');
  assert.equal(await asks(room, client, 'half-a-pair'), 'a\ufffdb');
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  await room.says(client, all);
  await room.says(client, all.buffer);
  assert.deepEqual(room.hears(client), [all, all]);
});

test('a client knows its request', async () => {
  const room = await probe();
  const client = await room.join('/subprotocol?a=1&b=%20', { headers: { 'User-Agent': 'tester/1' }, subprotocols: ['one', 'two'] });
  room.hears(client);
  const answer = '1 ip=127.0.0.1 path=/subprotocol query=a=1&b=%20 agent=tester/1 subprotocol=Some("two") user=None';
  assert.equal(await asks(room, client, 'get'), answer);
  assert.equal(await asks(room, client, 'get 99'), 'nobody');
});

test('a client that is away stays a member and hears what is sent', async () => {
  const room = await probe();
  const [ann, ben] = [await room.join(), await room.join()];
  await room.says(ben, 'subscribe presence');
  room.hears(ann), room.hears(ben);
  await room.goesAway(ann);
  await room.goesAway(ann);
  assert.equal(await asks(room, ben, `send ${ann} hello`).then(() => asks(room, ben, `online ${ann}`)), 'false');
  await room.comesBack(ann);
  await room.comesBack(ann);
  assert.deepEqual(room.hears(ann), ['hello']);
  assert.deepEqual(room.hears(ben), ['back 1 online=true']);
  assert.deepEqual([await asks(room, ben, `online ${ann}`), await asks(room, ben, 'list')], ['true', '[1, 2] of 2']);
  await assert.rejects(room.join('/no-return', { resumes: true }), { status: 410 });
  await room.join('/no-return');
});

test('the gate says who a client is', async () => {
  const room = await probe();
  const ann = await room.join('/user/ann');
  await room.join();
  const again = await room.join('/user/ann');
  room.hears(ann);
  assert.match(await asks(room, ann, 'get'), /user=Some\("ann"\)$/);
  assert.equal(room.attachment(ann), 'ann of the gate');
  assert.equal(await asks(room, ann, 'of-user ann'), '[1, 3]');
  await room.leaves(again);
  room.hears(ann);
  assert.equal(await asks(room, ann, 'of-user ann'), '[1]');
  for (const topic of ['sport', 'news']) await asks(room, ann, `subscribe ${topic}`);
  assert.equal(await asks(room, ann, 'topics'), '["news", "sport"]');
  await assert.rejects(room.join('/refuse-in-words'), { status: 401, body: '<p>Who are you?</p>' });
  await assert.rejects(room.join(`/user/${'u'.repeat(257)}`), RangeError);
});

test('a close comes behind what was sent, and is told of', async () => {
  const room = await probe();
  const [first, second] = await two(room);
  await room.says(first, 'send 2 last words');
  room.hears(first);
  await room.says(first, 'close 2 4000 bye');
  const [answer, left] = room.hears(first);
  assert.equal(answer, 'ok, send=closing, member=true');
  assert.match(left, /^left 2: 4000 "bye" clean=true CloseCause::Guest/);
  assert.deepEqual([room.hears(second), room.closed(second)], [['last words'], { code: 4000, reason: 'bye' }]);
});

test('errors of the contract are answers, not failures', async () => {
  const room = await probe();
  const client = await room.join();
  room.hears(client);
  for (const [question, answer] of [
    ['send 99 x', 'no-such-client'],
    ['close 1 1005 x', 'invalid-code'],
    [`close 1 4000 ${'x'.repeat(124)}`, 'reason-too-long'],
    ['close 99 4000 x', 'no-such-client'],
    ['attach 99 x', 'no-such-client'],
    [`attach 1 ${'x'.repeat(16_385)}`, 'too-big'],
    ['subscribe ', 'invalid-topic'],
    [`subscribe ${'x'.repeat(257)}`, 'invalid-topic'],
  ]) {
    assert.ok((await asks(room, client, question)).startsWith(answer), question);
  }
});

test('attachments, topics and timers work', async () => {
  const room = await probe();
  const [first, second] = await two(room);
  assert.equal(await asks(room, first, 'attachment'), 'None');
  assert.equal(await asks(room, first, 'attach 1 a note'), 'ok');
  assert.equal(await asks(room, second, 'attachment 1'), 'Some("a note")');
  assert.equal(room.attachment(first), 'a note');
  await room.says(first, 'subscribe news');
  room.hears(first);
  assert.deepEqual([await asks(room, second, 'subscribers news'), room.subscribers('news')], ['[1]', [1]]);
  await room.says(second, 'publish news hello');
  assert.deepEqual([room.hears(first), room.hears(second)], [['hello'], ['ok']]);
  assert.equal(await asks(room, second, 'timer 1 tick tock'), 'ok(1)');
  await room.wait(0.999);
  assert.deepEqual(room.hears(first), []);
  await room.wait(0.001);
  assert.deepEqual([room.hears(first), room.hears(second)], [['timer 1 tick tock'], ['timer 1 tick tock']]);
  assert.equal(await asks(room, first, 'interval 0.25 again'), 'ok(2)');
  await room.wait(1);
  assert.deepEqual(room.hears(first), Array(4).fill('timer 2 again'));
});

test('the gate decides', async () => {
  const room = await probe();
  await assert.rejects(room.join('/refuse'), new Refused({ status: 418 }));
  await assert.rejects(room.join('/close'), { name: 'Refused', code: 4001, reason: 'not you' });
  await assert.rejects(room.join('/panic'), { message: 'told to fail in the gate' });
  assert.equal(await room.join(), 1);
});

test('a failure takes back its effects, and closes its client alone', async () => {
  const room = await probe();
  const [stays, fails] = await two(room);
  assert.equal(await asks(room, stays, 'attach 1 a note'), 'ok');
  await assert.rejects(room.says(fails, 'panic now'), { message: 'told to panic: now' });
  const [left, ...more] = room.hears(stays);
  assert.match(left, /^left 2: 1011 "the application failed" clean=true CloseCause::Trap member=false/);
  assert.deepEqual([more, room.closed(fails)], [[], { code: 1011, reason: 'the application failed' }]);
  assert.equal(await asks(room, stays, 'subscribers half'), '[]');
  assert.equal(await asks(room, stays, 'attachment'), 'Some("a note")');
  assert.equal(await asks(room, stays, 'messages'), '3 since Some(StartReason::AfterTrap)');
  assert.equal(room.isAdmitting, true);
});

test('a failure in a join closes that client', async () => {
  const room = await probe();
  const stays = await room.join();
  room.hears(stays);
  await assert.rejects(room.join('/?panic-on-join'), { message: 'told to fail' });
  assert.match(room.hears(stays).join(), /^left 2: 1011 /);
});

test('a swap hands the state over, and keeps clients and what the host keeps', async () => {
  const room = await probe();
  const [first, second] = await two(room);
  await room.says(first, 'attach 1 a note');
  await room.says(first, 'ballast 3');
  room.hears(first);
  await room.swap();
  assert.equal(await asks(room, second, 'messages'), '1 since Some(StartReason::Swap)');
  assert.equal(await asks(room, second, 'ballast'), '3 KiB');
  assert.equal(await asks(room, second, 'attachment 1'), 'Some("a note")');
  assert.equal(await asks(room, second, 'list'), '[1, 2] of 2');
});

test('timers of the language follow the clock of the room, and so do dates', async () => {
  const room = await probe();
  const client = await room.join();
  room.hears(client);
  await room.says(client, 'timers');
  await room.wait(20);
  assert.deepEqual(room.hears(client), ['immediately early tick tock late']);
});

test('globals are those of a guest, and time is the time of the room', async () => {
  const answers = {
    lacking: "() => typeof WebSocket + typeof Buffer + typeof globalThis.Buffer + ('WebSocket' in globalThis)",
    process: '() => process.env.TOKEN + process.platform',
    global: '() => self === globalThis && self.setTimeout === setTimeout',
    date: "() => [new Date() instanceof Date, typeof Date(), new Date(5).getTime(), new (class extends Date {})() - begun]",
    digest: "async () => (await crypto.subtle.digest('SHA-256', new Uint8Array(1 << 24))).byteLength",
    blob: "() => new Blob(['a', 'b']).text()",
    'time-out': "async () => { const signal = AbortSignal.timeout(10); await new Promise((done) => setTimeout(done, 10)); return signal.aborted; }",
  };
  const source = Object.entries(answers).map(([name, answer]) => `'${name}': ${answer}`).join(', ');
  const app = `{ onMessage: async (client, text) => client.send(String(await { ${source} }[text]())), onStart() { begun = Date.now(); } }`;
  const room = await opened(app, 'let begun;', { env: { TOKEN: 'secret' } });
  const client = await room.join();
  await room.wait(3_600_000);
  for (const [text, answer] of [
    ['lacking', 'undefinedundefinedundefinedfalse'],
    ['process', 'secretwasi'],
    ['global', 'true'],
    ['date', 'true,string,5,3600000'],
    ['digest', '32'],
    ['blob', 'ab'],
  ]) {
    assert.equal(await asks(room, client, text), answer, text);
  }
  await room.says(client, 'time-out');
  await room.wait(10);
  assert.deepEqual(room.hears(client), ['true']);
});

test('each room has variables of its own, and the app is at hand', async () => {
  const source = 'class { names = []; onMessage(client, text) { this.names.push(text); client.send(String(++count)); } }';
  const file = 'let count = 0;';
  const [one, other] = [await opened(source, file), await opened(source, file)];
  modules -= 1;
  const again = await Room.open(join(folder, `app-${modules}.js`));
  modules += 1;
  for (const room of [one, other, again]) assert.equal(await asks(room, await room.join(), 'x'), '1');
  assert.deepEqual(one.app.names, ['x']);
});

test('the store keeps the rules of the contract', async () => {
  const room = await opened(`{
    onMessage(client, text) {
      const [act, key, size] = text.split(' ');
      try {
        if (act === 'set') room.store.set(key, new Uint8Array(Number(size)));
        if (act === 'fill') for (let n = 0; n < 7; n += 1) room.store.set(key + n, new Uint8Array(128 << 10));
        if (act === 'fail') throw (room.store.clear(), new Error('told to'));
        client.send('done');
      } catch (error) {
        if (!error.code) throw error;
        client.send(error.code);
      }
    },
  }`);
  const client = await room.join();
  for (const [text, answer] of [
    [`set ${'k'.repeat(513)} 1`, 'key-too-long'],
    [`set k ${(128 << 10) + 1}`, 'value-too-big'],
    ['fill k', 'limit'],
    ['set k 3', 'done'],
  ]) {
    assert.equal(await asks(room, client, text), answer, text);
  }
  await assert.rejects(room.says(client, 'fail'), { message: 'told to' });
  assert.deepEqual([room.store.size, room.store.getBytes('k')], [6, new Uint8Array(3)]);
  room.store.clear();
  for (const key of ['\u{10000}', '\uffff', 'b', 'a']) room.store.set(key, key);
  assert.deepEqual(room.store.list({ after: 'a' }).map(([key]) => key), ['b', '\uffff', '\u{10000}'], 'the order is that of UTF-8');
});

test('a room that denies new clients answers with 503', async () => {
  const room = await opened('{ onConnect() { room.denyNewClients(); } }');
  await room.join();
  assert.equal(room.isAdmitting, false);
  await assert.rejects(room.join(), new Refused({ status: 503 }));
});

test('an error of `onStart` comes out of `open`, and calls a swap off', async () => {
  const source = (start) => `{ onStart() { ${start} }, onMessage(client) { client.send('here'); } }`;
  await assert.rejects(opened(source("throw new RangeError('no')")), RangeError);
  const room = await opened(source(''));
  const client = await room.join();
  await assert.rejects(room.swap(join(folder, `app-${modules - 2}.js`)), RangeError);
  assert.equal(await asks(room, client, 'x'), 'here');
});

/** Writes a project with a test. Returns its folder. */
function project(app, body) {
  const root = join(folder, `project-${modules++}`);
  mkdirSync(join(root, 'src'), { recursive: true });
  mkdirSync(join(root, 'node_modules'));
  symlinkSync(fileURLToPath(new URL('..', import.meta.url)), join(root, 'node_modules/ws-host-guest'));
  writeFileSync(join(root, 'package.json'), '{ "type": "module", "main": "src/index.ts" }');
  writeFileSync(join(root, 'src/index.ts'), app);
  const imports = "import { test } from 'node:test';\nimport { Room } from 'ws-host-guest/testing';\n";
  writeFileSync(join(root, 'app.test.js'), `${imports}test('a test', async () => {\n  const room = await Room.open();\n${body}\n});\n`);
  return root;
}

/** The command and the settings that run the tests of a project. */
function tests(root, ...options) {
  // The variable would make them a part of this test.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return [process.execPath, ['--test', '--test-reporter=tap', ...options], { cwd: root, env, encoding: 'utf8' }];
}

test('an error that no code handles fails the test, with file and line of the source', () => {
  const app = (line) => `
import { type App } from 'ws-host-guest';
export default {
  onMessage(client, message) {
    ${line}
  },
} satisfies App;`;
  const says = "await room.says(await room.join(), 'x'); await room.wait(100);";
  for (const line of [
    "throw new Error('told to' as string);",
    "return Promise.resolve().then(() => { throw new Error('told to' as string); });",
    "void Promise.reject(new Error('told to' as string));",
    "setTimeout(() => { throw new Error('told to' as string); }, 50);",
    "return new Promise<void>((done) => setTimeout(done, 50)).then(() => { throw new Error('told to' as string); });",
  ]) {
    const out = spawnSync(...tests(project(app(line), says))).stdout;
    assert.match(out, /\nnot ok 1 - a test\n/, line);
    assert.match(out, /error: 'told to'/, line);
    assert.match(out, /src\/index\.ts:5:\d+/, line);
  }
  assert.match(spawnSync(...tests(project(app('client.send(message);'), says))).stdout, /\nok 1 - a test\n/);
});

test('a watch runs the tests again when a source of the app changes', { timeout: 60_000 }, async () => {
  const root = project('export default { onMessage() {} };', "await room.says(await room.join(), 'x');");
  const watch = spawn(...tests(root, '--watch'));
  try {
    const output = watch.stdout.setEncoding('utf8')[Symbol.asyncIterator]();
    const prints = async (pattern) => {
      for (let text = ''; !pattern.test(text); text += (await output.next()).value);
    };
    await prints(/\nok 1 - a test\n/);
    writeFileSync(join(root, 'src/index.ts'), "export default { onMessage() { throw new Error('edited'); } };");
    await prints(/error: 'edited'/);
  } finally {
    watch.kill();
  }
});
