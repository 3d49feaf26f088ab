// `fetch` of a guest, by a room of a test.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { Room } from '../src/testing/room.js';

const folder = mkdtempSync(join(tmpdir(), 'ws-host-guest-fetch-'));
after(() => rmSync(folder, { recursive: true }));
let made = 0;

/** Opens a room whose handler does this with the client, with one client. */
async function asking(body, options) {
  const module = join(folder, `app${(made += 1)}.mjs`);
  writeFileSync(module, `import { room } from 'ws-host-guest';
    const failed = (promise) => promise.then((value) => 'resolved', (error) => [error.name, error.message, error.cause?.code, error.cause?.message].join(' | '));
    export default {
      async onMessage(client, text) { ${body} },
      async onOrphan(orphan) {
        const { context, method, url, response, rest, error } = orphan;
        const text = error ? error.cause.code : await (response ?? rest).text();
        room.broadcast(['orphan', JSON.stringify(context), method, url, response?.status, text].join(' '));
      },
    };`);
  const room = await Room.open(module, options);
  return { room, module, ann: await room.join() };
}

test('fetch resolves at the head, and the body comes piece by piece, each as an event', async () => {
  const { room, ann } = await asking(`
    const response = await fetch('http://h/a?b#c');
    client.send([response.status, response.ok, response.url, response.headers.get('X-A'), response.type].join(' '));
    for await (const piece of response.body) client.send(new TextDecoder().decode(piece));
    client.send('end');`);
  await room.says(ann, 'go');
  const [asked] = room.asked;
  assert.deepEqual([asked.method, asked.url, [...asked.headers]], ['GET', 'http://h/a?b#c', [['accept', '*/*']]]);
  await asked.begins(new Response(null, { headers: { 'x-a': 'b' } }));
  assert.deepEqual(room.hears(ann), ['200 true http://h/a?b b basic']);
  for (const word of ['once', 'upon']) {
    await asked.sends(word);
    assert.deepEqual(room.hears(ann), [word]);
  }
  await asked.ends();
  assert.deepEqual([room.hears(ann), room.asked], [['end'], []]);
});

test('a function answers for the servers, and the answers have come with the promise', async () => {
  const { room, ann } = await asking(
    `const response = await fetch('http://h/', { method: 'POST', body: JSON.stringify({ text }), headers: { 'content-type': 'application/json' } });
    client.send(JSON.stringify(await response.json()));`,
    { fetch: async (request) => Response.json({ heard: (await request.json()).text, type: request.headers.get('content-type') }) },
  );
  await room.says(ann, 'hello');
  assert.deepEqual(room.hears(ann), ['{"heard":"hello","type":"application/json"}']);
});

test('what is sent between two waits is one event, all or nothing', async () => {
  const { room, ann } = await asking(`
    client.send('first');
    const response = await fetch('http://h/');
    client.send('second');
    const piece = await response.text();
    client.send('third');
    room.store.set('a', 1);
    throw new Error('told to fail');`);
  const ben = await room.join();
  await room.says(ann, 'go');
  const [asked] = room.asked;
  await asked.begins();
  assert.deepEqual(room.hears(ann), ['first', 'second'], 'two events have ended');
  await assert.rejects(asked.ends(), /told to fail/);
  assert.deepEqual([room.hears(ann), room.store.get('a')], [[], undefined], 'the third has left nothing');
  assert.equal(room.closed(ann), undefined, 'an answer is no event of the client');
  await room.says(ben, 'go');
  assert.deepEqual(room.hears(ben), ['first']);
});

test('a handler that fails has asked nobody', async () => {
  const { room, ann } = await asking(`fetch('http://h/').then(() => {}); throw new Error('told to fail');`);
  await assert.rejects(room.says(ann, 'go'), /told to fail/);
  assert.deepEqual(room.asked, []);
});

test('an answer that no code waits for goes to onOrphan, with what was asked', async () => {
  const { room, ann } = await asking(`
    const whole = text === 'whole';
    const response = await fetch('http://h/' + text, { method: 'PUT', stream: !whole, context: { client: client.id } });
    client.send('head');
    client.send(await response.text());`);
  for (const text of ['whole', 'streamed', 'begun', 'failing']) await room.says(ann, text);
  const [whole, streamed, begun, failing] = room.asked;
  await begun.begins();
  await begun.sends('an instance before this one has had it, ');
  await room.swap();
  await whole.answers(new Response('all', { status: 201 }));
  await streamed.answers('in pieces');
  await begun.sends('the rest');
  await begun.ends();
  await failing.fails('broken');
  const prefix = (path) => `orphan {"client":1} PUT http://h/${path}`;
  assert.deepEqual(room.hears(ann), [
    'head', `${prefix('whole')} 201 all`, `${prefix('streamed')} 200 in pieces`, `${prefix('begun')}  the rest`, `${prefix('failing')}  broken`,
  ]);
});

test('a signal gives a request up, before its answer and within it', async () => {
  const { room, ann } = await asking(`
    const controller = new AbortController();
    const request = fetch('http://h/', { signal: text === 'time' ? AbortSignal.timeout(50) : controller.signal });
    if (text === 'early') controller.abort();
    if (text === 'late') return request.then((response) => {
      const all = failed(response.text());
      controller.abort(new RangeError('enough'));
      return all.then((what) => client.send(what));
    });
    client.send(await failed(request));`);
  await room.says(ann, 'early');
  assert.deepEqual([room.hears(ann), room.asked], [['AbortError | This operation was aborted |  | '], []]);
  await room.says(ann, 'late');
  await room.asked[0].begins();
  assert.deepEqual([room.hears(ann), room.asked], [['RangeError | enough |  | '], []]);
  await room.says(ann, 'time');
  await room.wait(50);
  const [heard] = room.hears(ann);
  assert.match(heard, /^TimeoutError \| The operation /);
  assert.deepEqual(room.asked, []);
});

test('a failure is a TypeError whose cause has the name of the contract', async () => {
  const { room, ann } = await asking("client.send(await failed(fetch(text).then((response) => response.text())));");
  await room.says(ann, 'http://h/');
  await room.asked[0].fails('unresolved', 'no such name');
  await room.says(ann, 'http://h/');
  await room.asked[0].begins();
  await room.asked[0].fails('broken', 'reset');
  await room.says(ann, 'http://h/');
  await room.asked[0].fails('denied', 'this host does not connect to the address of h');
  await room.says(ann, 'ftp://h/');
  await room.says(ann, 'nothing');
  await room.says(ann, 'http://u:p@h/');
  assert.deepEqual(room.hears(ann), [
    'TypeError | fetch failed | unresolved | no such name',
    'TypeError | fetch failed | broken | reset',
    'TypeError | fetch failed | denied | this host does not connect to the address of h (--allow-http-private)',
    'TypeError | fetch failed | invalid | the URL ftp://h/ is neither http nor https',
    'TypeError | Failed to parse URL from nothing | ERR_INVALID_URL | Invalid URL',
    'TypeError | Request cannot be constructed from a URL that includes credentials: http://u:p@h/ |  | ',
  ]);
});

/** The requests that come of one, with these answers, and what the application gets. */
async function redirected(init, ...answers) {
  const seen = [];
  const { room, ann } = await asking(
    `const options = ${JSON.stringify(init)};
    const response = await fetch('http://h/a#part', options).catch((error) => error);
    client.send(response instanceof Error ? response.cause.message : [response.status, response.url, response.redirected].join(' '));`,
    {
      fetch: async (request) => {
        const secret = request.headers.get('authorization') ?? '';
        seen.push([request.method, request.url, await request.text(), request.headers.get('content-type') ?? '', secret].join(' ').trimEnd());
        const [status, location] = answers.shift() ?? [200];
        return new Response(null, { status, headers: location ? { location } : {} });
      },
    },
  );
  await room.says(ann, 'go');
  return [...seen, ...room.hears(ann)];
}

test('redirects are followed as the standard says', async () => {
  const post = { method: 'POST', body: 'x', headers: { authorization: 'key' } };
  const type = 'text/plain;charset=UTF-8';
  assert.deepEqual(await redirected({}, [301, '/b?c']), ['GET http://h/a#part', 'GET http://h/b?c#part', '200 http://h/b?c true']);
  assert.deepEqual(await redirected(post, [302, 'b']), [`POST http://h/a#part x ${type} key`, 'GET http://h/b#part   key', '200 http://h/b true']);
  assert.deepEqual(await redirected(post, [303, 'http://other/']), [`POST http://h/a#part x ${type} key`, 'GET http://other/#part', '200 http://other/ true']);
  assert.deepEqual(await redirected({ ...post, method: 'PUT' }, [301, '/b'], [307, '/c']), [
    `PUT http://h/a#part x ${type} key`, `PUT http://h/b#part x ${type} key`, `PUT http://h/c#part x ${type} key`, '200 http://h/c true',
  ]);
  assert.deepEqual(await redirected({ redirect: 'manual' }, [302, '/b']), ['GET http://h/a#part', '302 http://h/a false']);
  assert.deepEqual(await redirected({ redirect: 'error' }, [302, '/b']), ['GET http://h/a#part', 'http://h/a#part redirects to /b']);
  assert.deepEqual(await redirected({}, [302, 'file:///etc/passwd']), ['GET http://h/a#part', 'http://h/a#part redirects to file:']);
  assert.deepEqual(await redirected({}, [302]), ['GET http://h/a#part', '302 http://h/a false'], 'without a location it is an answer');
  const round = await redirected({}, ...Array(30).fill([302, '/a']));
  assert.deepEqual([round.length, round.at(-1)], [22, 'more than 20 redirects']);
});

test('what belongs to the connection is not sent, and neither is accept-encoding', async () => {
  const { room, ann } = await asking("fetch('http://h/', { headers: { 'Accept-Encoding': 'gzip', Host: 'x', connection: 'close', 'X-Kept': '1' } });");
  await room.says(ann, 'go');
  assert.deepEqual([...room.asked[0].headers], [['accept', '*/*'], ['x-kept', '1']]);
});

test('a body may be anything that the standard takes', async () => {
  const bodies = {
    text: ["'grüße'", 'text/plain;charset=UTF-8', 'grüße'],
    bytes: ['new Uint8Array([104, 105]).subarray(1)', null, 'i'],
    buffer: ['new Uint8Array([104, 105]).buffer', null, 'hi'],
    blob: ["new Blob(['a', 'b'], { type: 'a/b' })", 'a/b', 'ab'],
    params: ["new URLSearchParams({ a: '1 2' })", 'application/x-www-form-urlencoded;charset=UTF-8', 'a=1+2'],
    stream: ["new Blob(['streamed']).stream()", null, 'streamed'],
    generator: ["(async function* () { yield new Uint8Array([97]); yield new Uint8Array([98]); })()", null, 'ab'],
  };
  for (const [name, [source, type, expected]] of Object.entries(bodies)) {
    const { room, ann } = await asking(`fetch('http://h/', { method: 'POST', body: ${source}, duplex: 'half' });`);
    await room.says(ann, 'go');
    const [asked] = room.asked;
    assert.deepEqual([asked.headers.get('content-type'), asked.text], [type, expected], name);
  }
  const { room, ann } = await asking(`const form = new FormData(); form.append('a', '1\\n2'); form.append('f"', new Blob(['x'], { type: 'a/b' }), 'n.txt');
    fetch('http://h/', { method: 'POST', body: form });`);
  await room.says(ann, 'go');
  const form = await room.asked[0].request.formData();
  const file = form.get('f"');
  assert.deepEqual([form.get('a'), file.name, file.type, await file.text()], ['1\r\n2', 'n.txt', 'a/b', 'x']);
});

test('a body that nobody reads does not fill the memory', async () => {
  const { room, ann } = await asking("const response = await fetch('http://h/'); if (text === 'later') setTimeout(async () => client.send(await failed(response.text())), 1000);");
  await room.says(ann, 'later');
  const [asked] = room.asked;
  await asked.begins();
  const piece = new Uint8Array(1 << 20);
  for (let count = 0; count < 9; count += 1) await asked.sends(piece);
  assert.equal(asked.isOpen, false);
  await room.wait(1000);
  assert.deepEqual(room.hears(ann), ['TypeError | fetch failed | too-big | more than 8 MiB of the body wait to be read']);
});

test('the bot of the examples answers word by word, also over a swap', async () => {
  const bot = new URL('../../../guest-examples/bot/javascript/index.js', import.meta.url);
  const room = await Room.open(bot, { env: { OPENAI_BASE_URL: 'http://h/v1' } });
  const ann = await room.join();
  await room.says(ann, '@bot Why?');
  const [asked] = room.asked;
  assert.deepEqual([asked.method, asked.url, asked.headers.get('content-type')], ['POST', 'http://h/v1/chat/completions', 'application/json']);
  const event = (word) => `data: ${JSON.stringify({ choices: [{ delta: { content: word } }] })}\n\n`;
  await asked.begins();
  await asked.sends(event('One'));
  await room.swap();
  await asked.sends(event('Two') + 'data: [DONE]\n\n');
  assert.deepEqual(room.hears(ann), ['guest 1: @bot Why?', 'bot+ One', 'bot+ Two', 'bot: Two']);
  assert.equal(asked.isOpen, false, 'the rest of the body is given up');
});
