// Plain HTTP requests and messages of other rooms, by a room of a test.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { Room } from '../src/testing/room.js';

const folder = mkdtempSync(join(tmpdir(), 'ws-host-guest-requests-'));
after(() => rmSync(folder, { recursive: true }));
let made = 0;

/** Opens a room of an application with these handlers. */
function opened(handlers, options) {
  const module = join(folder, `app${(made += 1)}.mjs`);
  writeFileSync(module, `import { room, rooms } from 'ws-host-guest';\nexport default { ${handlers} };`);
  return Room.open(module, options);
}

/** The parts of a reply that a test compares. */
const shown = ({ status, headers, text, isOver }) => [status, headers.get('content-type'), text, isOver];

test('onRequest gets a Request, and answers with a Response, now or later', async () => {
  const room = await opened(`async onRequest(request, { address }) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/later') await new Promise((done) => setTimeout(done, 100));
    return Response.json([request.method, request.url, request.headers.get('x-a'), await request.text(), searchParams.get('b'), address.ip], { status: 201 });
  }`);
  const reply = await room.request('/hook?b=c', { method: 'POST', headers: { Host: 'h:1', 'X-A': 'y' }, body: 'the body' });
  assert.deepEqual(shown(reply), [201, 'application/json', '["POST","http://h:1/hook?b=c","y","the body","c","127.0.0.1"]', true]);
  const later = await room.request('/later');
  assert.deepEqual([later.status, later.isOver], [undefined, false]);
  await room.wait(100);
  assert.deepEqual(shown(later), [201, 'application/json', '["GET","http://localhost/later",null,"",null,"127.0.0.1"]', true]);
});

test('an answer with a stream is sent piece by piece, and its end is told', async () => {
  const room = await opened(`
    onMessage(client, text) { this.controller.enqueue(new TextEncoder().encode('data: ' + text + '\\n\\n')); if (text === 'end') this.controller.close(); },
    onRequest(request) {
      const body = new ReadableStream({ start: (controller) => { this.controller = controller; }, cancel: (why) => room.broadcast('cancelled: ' + why) });
      request.signal.addEventListener('abort', () => room.broadcast('aborted'));
      return new Response(body, { headers: { 'content-type': 'text/event-stream', connection: 'close' } });
    }`);
  const ann = await room.join();
  const reply = await room.request('/events');
  assert.deepEqual(shown(reply), [200, 'text/event-stream', '', false]);
  await room.says(ann, 'one');
  assert.deepEqual([reply.hears(), reply.isOver], [['data: one\n\n'], false]);
  await room.says(ann, 'end');
  assert.deepEqual([reply.hears(), reply.isOver, room.hears(ann)], [['data: end\n\n'], true, []]);
  const gone = await room.request('/events');
  await gone.leaves();
  assert.deepEqual(room.hears(ann), ['aborted', 'cancelled: the client has gone']);
});

test('an answer of fetch can be passed on', async () => {
  const room = await opened("onRequest: (request) => fetch('http://h' + new URL(request.url).pathname)");
  const reply = await room.request('/a');
  const [asked] = room.asked;
  await asked.begins(new Response(null, { status: 203, headers: { 'content-type': 'a/b', 'content-length': '7' } }));
  await asked.sends('passed');
  assert.deepEqual(shown(reply), [203, 'a/b', 'passed', false]);
  await asked.ends();
  assert.equal(reply.isOver, true);
});

test('a rejected promise answers 500 and costs nothing, and an exception is one of a handler', async (context) => {
  const warnings = context.mock.method(console, 'warn', () => {});
  const room = await opened(`
    count: 0,
    onRequest(request) {
      room.store.set('count', (this.count += 1));
      if (request.url.endsWith('/thrown')) throw new Error('told to fail');
      if (request.url.endsWith('/nothing')) return undefined;
      return Promise.reject(new Error('told to reject'));
    }`);
  for (const path of ['/', '/nothing']) assert.deepEqual(shown(await room.request(path)), [500, 'text/plain; charset=utf-8', 'the application has failed\n', true]);
  assert.match(warnings.mock.calls[0].arguments[0], /^onRequest has failed, and the answer is 500: .*told to reject/s);
  assert.match(warnings.mock.calls[1].arguments[0], /onRequest returns a Response/);
  assert.equal(room.store.get('count'), 2);
  await assert.rejects(room.request('/thrown'), /told to fail/);
  assert.equal(room.store.get('count'), 2, 'the exception has undone its write');
});

test('a stream that fails cuts its answer', async (context) => {
  const warnings = context.mock.method(console, 'warn', () => {});
  const room = await opened(`
    onMessage() { this.controller.error(new Error('the source has failed')); },
    onRequest() { return new Response(new ReadableStream({ start: (controller) => { this.controller = controller; controller.enqueue(Uint8Array.of(97)); } })); }`);
  const reply = await room.request('/');
  assert.deepEqual([reply.text, reply.isOver, reply.isCut], ['a', false, false]);
  await room.says(await room.join(), 'fail');
  assert.deepEqual([reply.text, reply.isOver, reply.isCut], ['a', true, true]);
  assert.match(warnings.mock.calls[0].arguments[0], /^onRequest has failed, and the answer is cut: .*the source has failed/s);
});

test('an instance gives the requests up that came to one before it', async () => {
  const room = await opened(`
    onMessage() { throw new Error('told to fail'); },
    onRequest: (request) => (request.url.endsWith('/events') ? new Response(new ReadableStream()) : new Promise(() => {}))`);
  const ann = await room.join();
  for (const end of [() => room.swap(), () => assert.rejects(room.says(ann, 'fail'), /told to fail/)]) {
    const [complete, events, waits] = [await room.request('/', { method: 'TRACE' }), await room.request('/events'), await room.request('/')];
    await end();
    assert.deepEqual([complete, events, waits].map(({ status, isOver, isCut }) => [status, isOver, isCut]), [[405, true, false], [200, true, true], [500, true, false]]);
    const later = await room.request('/events');
    assert.deepEqual([later.status, later.isOver], [200, false]);
    await later.leaves();
  }
});

test('HEAD, unknown methods, redirects and binary bodies are answered', async () => {
  const room = await opened(`onRequest(request) {
    if (request.method === 'HEAD') return new Response(new Blob(['streamed']).stream());
    return request.method === 'POST' ? Response.redirect('http://h/x', 303) : new Response(Uint8Array.of(0, 255));
  }`);
  assert.deepEqual([...(await room.request('/')).bytes], [0, 255]);
  assert.deepEqual(shown(await room.request('/', { method: 'HEAD' })), [200, null, '', true]);
  assert.equal((await room.request('/', { method: 'TRACE' })).status, 405);
  const { status, headers } = await room.request('/', { method: 'POST' });
  assert.deepEqual([status, headers.get('location')], [303, 'http://h/x']);
});

test('a room without onRequest answers 404 in a test', async () => {
  assert.equal((await (await opened('')).request('/')).status, 404);
});

test('messages go to other rooms and come from them', async () => {
  const room = await opened(
    `onMessage(client, text) {
      const [name, ...words] = text.split(' ');
      client.send(String(rooms.send(name, words.join(' '), { create: words[0] === 'create' })));
      if (words[0] === 'fail') throw new Error('told to fail');
    },
    onEvent(source, message) { room.broadcast([rooms.name, source.room ?? \`api:\${source.api}\`, typeof message === 'string' ? message : [...message]].join(' ')); }`,
    { name: '/lobby', rooms: ['/match/1'] },
  );
  const ann = await room.join();
  await room.event('/match/1', 'ann has won');
  await room.event({ room: '/match/1' }, Uint8Array.of(1, 2));
  await room.event({ api: 'shop' }, 'paid');
  for (const text of ['/match/1 one', '/match/2 two', '/match/2 create it', '/match/2 again', '/lobby own', `/match/1 ${'x'.repeat((1 << 20) + 1)}`]) await room.says(ann, text);
  assert.deepEqual(room.hears(ann), [
    '/lobby /match/1 ann has won', '/lobby /match/1 1,2', '/lobby api:shop paid', 'queued', 'no-such-room', 'queued', 'queued', 'queued', '/lobby /lobby own', 'too-big',
  ]);
  assert.deepEqual([room.receives('/match/1'), room.receives('/match/2'), room.receives('/match/1')], [['one'], ['create it', 'again'], []]);
  await assert.rejects(room.says(ann, '/match/1 fail'), /told to fail/);
  assert.deepEqual(room.receives('/match/1'), []);
});

test('a name that no room can have is a mistake', async () => {
  const room = await opened("onMessage() { rooms.send('', 'x'); }");
  await assert.rejects(room.says(await room.join(), 'go'), { name: 'RangeError', code: 'invalid-name' });
});
