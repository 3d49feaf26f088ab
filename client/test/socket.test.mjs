import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { Socket } from '../src/socket.js';
import { TOKENS, freeze, fresh, lines, open, pass, resumed, settle, thaw } from './fake.mjs';

beforeEach(freeze);
afterEach(thaw);

/** A socket whose session has begun. */
function begun(...args) {
  const opened = open(Socket, ...args);
  opened.line().accept();
  opened.line().says(fresh(0));
  opened.line().heard();
  opened.seen();
  return opened;
}

describe('a socket is a WebSocket', () => {
  test('it has its constants, properties and handlers', () => {
    const { socket, line } = open(Socket, 'ws://host/chat', ['chat.v1']);
    assert.deepEqual([Socket.CONNECTING, Socket.OPEN, socket.CLOSING, socket.CLOSED], [0, 1, 2, 3]);
    assert.deepEqual([socket.readyState, socket.url, socket.protocol, socket.binaryType], [0, 'ws://host/chat', '', 'blob']);
    const heard = [];
    socket.onmessage = () => heard.push('replaced');
    socket.onmessage = (event) => heard.push(event.data, event.origin);
    socket.onopen = () => heard.push('open');
    line().accept('chat.v1');
    line().says(fresh(0), '.hello');
    socket.onmessage = null;
    line().says('.unheard');
    assert.deepEqual([heard, socket.readyState, socket.protocol], [['open', 'hello', 'ws://host'], 1, 'chat.v1']);
    assert.deepEqual(line().protocols, ['chat.v1']);
  });

  test('a wrong address or subprotocol throws at once', () => {
    assert.throws(() => open(Socket, 'not an address'), TypeError);
    assert.throws(() => open(Socket, 'ws://host', 'a b'), { name: 'SyntaxError' });
    assert.throws(() => new Socket('ws://host', { WebSocket: undefined }), /no WebSocket/);
  });

  test('http is ws, and a path is of the page', () => {
    assert.equal(open(Socket, 'https://host/a').socket.url, 'wss://host/a');
    globalThis.location = { href: 'http://page:80/x/y' };
    try {
      assert.equal(open(Socket, '/chat').socket.url, 'ws://page/chat');
    } finally {
      delete globalThis.location;
    }
  });

  test('close is told once, with the code of the server', () => {
    const { socket, seen, line } = begun();
    socket.close(3001, 'enough');
    assert.deepEqual([line().closedWith, socket.readyState], [[3001, 'enough'], 2]);
    socket.send('unsent');
    line().ends(3001, 'enough');
    assert.deepEqual([seen(), socket.readyState, lines.length], [['status closed', 'close 3001'], 3, 1]);
    assert.throws(() => begun().socket.close(1001), { name: 'InvalidAccessError' });
    assert.throws(() => begun().socket.close(1000, 'x'.repeat(124)), { name: 'SyntaxError' });
  });

  test('close of a dead line, and without a line, is told too', async () => {
    const dead = begun();
    dead.socket.close();
    pass(10_000);
    assert.deepEqual(dead.seen(), ['status closed', 'close 1006']);
    const away = begun();
    away.line().ends();
    away.seen();
    away.socket.close();
    await settle();
    assert.deepEqual(away.seen(), ['status closed', 'close 1006']);
    pass(60_000);
    assert.equal(lines.length, 2);
  });
});

describe('a session goes on over the next line', () => {
  test('a first line says hello, confirms, and then carries messages', () => {
    const { socket, seen, line } = open(Socket);
    socket.send('early');
    assert.match(line().url, /[?&]_resume=new$/);
    line().accept();
    assert.deepEqual(line().heard(), ['h1 - 0']);
    line().says(fresh(0));
    assert.deepEqual(line().heard(), ['r0', '.early']);
    assert.deepEqual(seen(), ['status online', 'open']);
    socket.send('now');
    assert.deepEqual(line().heard(), ['.now']);
  });

  test('each side sends what the other lacks, and the application notices nothing', () => {
    const { socket, seen, line } = begun();
    ['one', 'two'].forEach((word) => socket.send(word));
    line().says('.a', '.b');
    line().ends();
    socket.send('three');
    assert.deepEqual(seen(), ['message a', 'message b', 'status away']);
    pass(500);
    assert.match(line().url, /[?&]_resume=h1$/);
    line().accept();
    assert.deepEqual(line().heard(), [`h1 ${TOKENS[0]} 2`]);
    line().says(resumed(1, 1));
    assert.deepEqual(line().heard(), ['r2', '.two', '.three']);
    line().says('.c');
    assert.deepEqual(seen(), ['status connecting', 'status online', 'message c']);
    line().says('r3');
    assert.equal(socket.bufferedAmount, 0);
  });

  test('a line that was given up is not heard any more', () => {
    const { socket, seen, line } = begun();
    const old = line();
    pass(15_000);
    pass(10_000);
    assert.deepEqual(old.closedWith[0], 3003, 'such a close does not end the session');
    socket.reconnect();
    seen();
    old.says('.late');
    old.ends();
    line().accept();
    line().says(resumed(1, 0));
    assert.deepEqual(seen(), ['status online']);
  });

  test('a session that begins anew tells which messages may be lost', () => {
    const { socket, line } = begun();
    socket.send('carried');
    socket.send(new Uint8Array([1, 2]));
    line().ends();
    socket.send('waited');
    socket.reconnect();
    line().accept();
    line().heard();
    const told = [];
    socket.onfresh = ({ reason, unknown }) => told.push(reason, unknown);
    socket.onopen = () => told.push('open');
    line().says(fresh(1, 'expired'));
    assert.deepEqual(told, ['expired', ['carried', new Uint8Array([1, 2]).buffer], 'open']);
    assert.deepEqual(line().heard(), ['r0', '.waited']);
  });

  test('received messages are confirmed after 32, after 16 KiB, or after a second', () => {
    const { line } = begun();
    for (let count = 0; count < 32; count++) line().says('.x');
    assert.deepEqual(line().heard(), ['r32']);
    line().says(`.${'x'.repeat(16_384)}`);
    assert.deepEqual(line().heard(), ['r33']);
    line().says('.x');
    assert.deepEqual(line().heard(), []);
    pass(1000);
    assert.deepEqual(line().heard(), ['r34']);
  });

  test('binary messages keep their kind', async () => {
    const { socket, line } = begun();
    const bytes = new Uint8Array([9, 1, 2, 3]);
    socket.send(bytes.subarray(1, 3));
    socket.send(bytes.buffer);
    socket.send(new Blob(['ab']));
    const [view, buffer, blob] = line().heard();
    assert.deepEqual([[...view], [...buffer], await blob.text()], [[46, 1, 2], [46, 9, 1, 2, 3], '.ab']);
    assert.equal(socket.bufferedAmount, 2 + 4 + 2);
    const heard = [];
    socket.onmessage = ({ data }) => heard.push(data);
    line().says(new Uint8Array([46, 7]).buffer);
    socket.binaryType = 'arraybuffer';
    line().says(new Uint8Array([46, 8]).buffer);
    assert.deepEqual(new Uint8Array(await heard[0].arrayBuffer()), new Uint8Array([7]));
    assert.deepEqual(heard[1], new Uint8Array([8]).buffer);
  });

  test('a host that breaks the protocol is left for good', () => {
    for (const message of ['r9', '?', 'w1 h1 x', new Uint8Array([1]).buffer]) {
      const { seen, line } = begun();
      line().says(message);
      assert.deepEqual([seen(), line().closedWith[0]], [['status closed', 'close 1002'], 3002], String(message));
    }
  });
});

describe('a server of another kind', () => {
  test('gets messages as they are, and those that waited', () => {
    const { socket, seen, line } = open(Socket, 'ws://host/', { resume: false });
    socket.send('early');
    assert.doesNotMatch(line().url, /_resume/);
    line().accept();
    assert.deepEqual(line().heard(), ['early']);
    line().says('.dot');
    line().ends();
    const bytes = new Uint8Array([1]);
    socket.send(bytes);
    bytes[0] = 2;
    pass(500);
    line().accept();
    assert.deepEqual(line().heard(), [new Uint8Array([1]).buffer]);
    assert.deepEqual(seen(), [
      'status online', 'open', 'message .dot', 'status away', 'status connecting', 'status online', 'fresh off', 'open',
    ]);
  });

  test('is noticed by its first message', () => {
    const { socket, seen, line } = open(Socket);
    socket.send('early');
    line().accept();
    line().says('hello');
    assert.deepEqual([line().heard(), seen()], [['h1 - 0', 'early'], ['status online', 'open', 'message hello']]);
    socket.send('now');
    assert.deepEqual(line().heard(), ['now']);
  });
});

describe('a server that does not know hello', () => {
  /** A socket with a message that waits, whose first line has said hello. */
  function greeted() {
    const opened = open(Socket);
    opened.socket.send('early');
    opened.socket.send(new Uint8Array([7]));
    opened.line().accept();
    opened.line().heard();
    opened.seen();
    return opened;
  }

  /** The next line asks for no session, and carries what waits. */
  function goesOnWithout({ socket, seen, line }) {
    assert.doesNotMatch(line().url, /_resume/);
    line().accept();
    assert.deepEqual(line().heard(), ['early', new Uint8Array([7]).buffer]);
    assert.deepEqual(seen(), ['status connecting', 'status online', 'open']);
    line().says('.dot');
    socket.send('now');
    assert.deepEqual([seen(), line().heard()], [['message .dot'], ['now']]);
  }

  test('gets what was sent before the socket closes', () => {
    const { line, socket } = greeted();
    socket.close(3001, 'enough');
    line().ends(1007);
    line().accept();
    assert.deepEqual(line().heard(), ['early', new Uint8Array([7]).buffer]);
    assert.deepEqual(line().closedWith, [3001, 'enough']);
    const silent = greeted();
    silent.socket.close();
    silent.seen();
    pass(10_000);
    pass(10_000);
    assert.equal(silent.socket.readyState, 3);
  });

  test('and is silent gets another line after five seconds', () => {
    const opened = greeted();
    const first = opened.line();
    pass(4999);
    assert.equal(lines.length, 1);
    pass(1);
    assert.deepEqual([first.closedWith[0], lines.length], [3003, 2]);
    goesOnWithout(opened);
  });

  test('and refuses it gets another line at once', () => {
    for (const code of [1000, 1002, 1003, 1007, 1008, 1011, 3000, 4000]) {
      const opened = greeted();
      opened.line().ends(code);
      goesOnWithout(opened);
      opened.line().ends(4000);
      assert.deepEqual(opened.seen(), ['status closed', 'close 4000'], 'the next refusal means something else');
    }
  });

  test('is not seen in a line that ends for other reasons, nor in a host that has answered before', () => {
    for (const code of [1001, 1006, 1012, 1013]) {
      const { line, seen } = greeted();
      line().ends(code);
      assert.deepEqual(seen(), ['status away'], String(code));
      pass(5000);
      assert.match(line().url, /_resume=new/);
    }
    const silent = begun();
    silent.line().ends();
    pass(500);
    silent.line().accept();
    pass(9999);
    assert.deepEqual(silent.seen(), ['status away', 'status connecting']);
    pass(1);
    assert.deepEqual(silent.seen(), ['status away'], 'it is a lost line');
    const refused = begun();
    refused.line().ends();
    pass(500);
    refused.line().accept();
    refused.line().ends(1008);
    assert.deepEqual(refused.seen(), ['status away', 'status connecting', 'status closed', 'close 1008']);
  });

  test('is seen too when its line has opened late', () => {
    const { line, seen } = open(Socket);
    pass(8000);
    line().accept();
    pass(4999);
    assert.equal(lines.length, 1, 'its welcome has five seconds, whatever is left of the attempt');
    pass(1);
    assert.equal(lines.length, 2);
    assert.doesNotMatch(line().url, /_resume/);
    assert.deepEqual(seen(), ['status connecting']);
  });
});

describe('a line is tried again', () => {
  test('later and later, up to a limit', () => {
    const { line } = begun();
    const waits = [];
    line().ends();
    for (const expected of [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      const before = lines.length;
      pass(expected - 1);
      assert.equal(lines.length, before);
      pass(1);
      assert.equal(lines.length, before + 1);
      waits.push(expected);
      line().ends();
    }
    assert.equal(waits.length, 8);
  });

  test('soon again after a good line, and after as long as the host has asked for', () => {
    const { line } = begun();
    line().ends();
    pass(500);
    line().accept();
    line().says(resumed(1, 0));
    pass(5000);
    line().says('a2500');
    line().ends(1012);
    pass(2499);
    assert.equal(lines.length, 2);
    pass(1);
    assert.equal(lines.length, 3);
    line().ends();
    pass(1000);
    assert.equal(lines.length, 4);
  });

  test('at once when the network or the page is back', () => {
    const events = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    globalThis.document = events;
    for (const name of ['addEventListener', 'removeEventListener']) globalThis[name] = events[name].bind(events);
    try {
      for (const name of ['online', 'pageshow', 'resume', 'visibilitychange']) {
        const { socket, line } = begun();
        line().ends();
        const before = lines.length;
        events.dispatchEvent(new Event(name));
        assert.equal(lines.length, before + 1, name);
        line().accept();
        line().says(resumed(1, 0));
        line().heard();
        events.dispatchEvent(new Event(name));
        assert.deepEqual(line().heard(), ['p'], `${name} asks whether the line is alive`);
        socket.close();
        line().ends();
      }
    } finally {
      for (const name of ['document', 'addEventListener', 'removeEventListener']) delete globalThis[name];
    }
  });

  test('unless the code means that it would be in vain', () => {
    for (const code of [1000, 1002, 1003, 1007, 1008, 1009, 1010, 4000, 4999]) {
      const { seen, line } = begun();
      line().ends(code);
      assert.deepEqual(seen(), ['status closed', `close ${code}`]);
    }
    for (const code of [1001, 1005, 1006, 1011, 1012, 1013, 3000]) {
      const { seen, line } = begun();
      line().ends(code);
      assert.deepEqual(seen(), ['status away'], String(code));
    }
    const { seen, line } = begun({ retry: ({ code }) => code === 4001 });
    line().ends(4001);
    assert.deepEqual(seen(), ['status away']);
  });

  test('with an address that is asked for each time', async () => {
    let count = 0;
    const { seen, line } = open(Socket, async () => {
      if (++count === 2) throw new Error('no token');
      return `ws://host/?token=${count}`;
    });
    await settle();
    assert.match(line().url, /token=1/);
    line().ends();
    pass(500);
    await settle();
    assert.deepEqual(seen(), ['status away', 'status connecting', 'status away']);
    pass(1000);
    await settle();
    assert.match(line().url, /token=3/);
  });

  test('but not to a wrong address or with a wrong subprotocol', async () => {
    for (const args of [[async () => 'not an address'], [async () => 'ws://host', 'a b']]) {
      const { socket, seen } = open(Socket, ...args);
      let reason;
      socket.onclose = (event) => (reason = event.reason);
      await settle();
      assert.deepEqual([seen(), Boolean(reason)], [['status closed', 'close 1006'], true]);
    }
  });

  test('and its end is told', () => {
    const { socket, line } = begun();
    const told = [];
    socket.onstatus = ({ status, code, reason }) => status === 'away' && told.push([code, reason]);
    line().ends(1012, 'again');
    pass(500);
    pass(10_000);
    assert.deepEqual(told, [[1012, 'again'], [1006, '']]);
  });

  test('when it does not open in time', () => {
    const { seen, line } = open(Socket);
    pass(10_000);
    assert.deepEqual([seen(), line().readyState], [['status away'], 2]);
    pass(500);
    assert.equal(lines.length, 2);
  });

  test('within 30 seconds of silence', () => {
    const { seen, line } = begun();
    pass(14_000);
    line().says('r0');
    pass(15_000);
    assert.deepEqual(line().heard(), ['p']);
    line().says('q');
    pass(15_000);
    assert.deepEqual(line().heard(), ['p']);
    pass(9999);
    assert.deepEqual(seen(), []);
    pass(1);
    assert.deepEqual(seen(), ['status away']);
  });
});

test('too much that waits is refused, and nothing is dropped', () => {
  const { socket, line } = begun({ maxBuffered: 10 });
  socket.send('x'.repeat(20));
  line().says('r1');
  line().ends();
  socket.send('x'.repeat(6));
  assert.throws(() => socket.send('x'.repeat(5)), { name: 'QuotaExceededError' });
  socket.send('x'.repeat(4));
  socket.reconnect();
  line().accept();
  line().heard();
  line().says(resumed(1, 1));
  assert.deepEqual(line().heard(), ['r0', '.xxxxxx', '.xxxx']);
});
