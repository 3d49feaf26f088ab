// The fixture `probe` in JavaScript: it follows its clients' commands. `tests/conformance.rs` lists them.

import { room, rooms } from 'ws-host-guest';

import { ASKING, orphaned } from './asking.js';
import { onRequest, PLAIN } from './plain.js';

let messages = 0;
let started = 'None';

/** A signal for as long as the instance, and weak references to what was made with it. */
const followed = new AbortController();
let followers = [];

/** Texts that make the state large. */
let ballast = [];

const whileLoading = { number: Math.random(), variables: Object.keys(process.env) };

export default {
  onConnect(client) {
    room.broadcast(`joined ${client.id}`);
    if (client.query === 'panic-on-join') throw new Error('told to fail');
  },

  onMessage(client, message) {
    messages += 1;
    if (typeof message !== 'string') {
      client.send(message);
      return;
    }
    const [command, rest] = split(message);
    const answer = COMMANDS[command] ? COMMANDS[command](client, rest) : `no such command: ${command}`;
    if (answer instanceof Promise) return answer.then((later) => later !== undefined && client.send(later));
    if (answer !== undefined) client.send(answer);
  },

  onClose(client, { code, reason, clean, cause }) {
    const member = room.clients.includes(client);
    const sent = client.send('too late');
    const line = `left ${client.id}: ${code} ${JSON.stringify(reason)} clean=${clean} CloseCause::${pascal(cause)}`;
    room.broadcast(`${line} member=${member} known=${client.path !== undefined} send=${sent}`);
  },

  onUpgrade({ path, subprotocols, resumes }) {
    if (path === '/refuse') return { refuse: 418 };
    if (path === '/refuse-in-words') {
      return { refuse: 401, headers: { 'www-authenticate': 'Bearer', 'content-type': 'text/html' }, body: '<p>Who are you?</p>' };
    }
    if (path.startsWith('/user/')) {
      const user = path.slice('/user/'.length);
      return { user, headers: [['x-user', user]], attachment: `${user} of the gate` };
    }
    if (path === '/no-return' && resumes) return { refuse: 410 };
    if (path === '/close') return { close: 4001, reason: 'not you' };
    if (path === '/panic') throw new Error('told to fail in the gate');
    if (path === '/subprotocol') return { accept: subprotocols.at(-1) };
    return true;
  },

  onStart({ reason, state }) {
    started = `Some(StartReason::${pascal(reason)})`;
    ballast = state?.ballast ?? [];
  },

  snapshot() {
    return { messages, ballast };
  },

  onDrain(client) {
    client.send('drained');
  },

  onLineLost(client) {
    room.publish('presence', `lost ${client.id} online=${client.isOnline}`);
  },

  onLineBack(client) {
    room.publish('presence', `back ${client.id} online=${client.isOnline}`);
  },

  onOrphan: orphaned,
  onRequest,

  onEvent(source, message) {
    const [command, rest] = typeof message === 'string' ? split(message) : [];
    if (command === 'back' && source.room !== undefined) rooms.send(source.room, rest);
    room.broadcast(typeof message === 'string' ? `event ${source.room ?? `api:${source.api}`} ${message}` : message);
  },

  onTimer(payload, id) {
    room.broadcast(`timer ${id} ${payload}`);
  },
};

const COMMANDS = {
  ...ASKING,
  ...PLAIN,
  say: (_client, rest) => rest,
  all: (_client, rest) => shown(room.broadcast(rest)),
  others: (client, rest) => shown(room.broadcast(rest, client)),
  send: (client, rest) => on(client, rest, (one, last) => one.send(last)),
  list: () => `[${room.clients.map(({ id }) => id).join(', ')}] of ${room.count}`,
  get: (client, rest) => {
    const [one] = whom(client, rest);
    if (!one) return 'nobody';
    const agreed = one.subprotocol === undefined ? 'None' : `Some("${one.subprotocol}")`;
    const user = one.user === undefined ? 'None' : `Some("${one.user}")`;
    const agent = one.headers.get('User-Agent') ?? 'none';
    return `${one.id} ip=${one.address.ip} path=${one.path} query=${one.query} agent=${agent} subprotocol=${agreed} user=${user}`;
  },
  messages: () => `${messages} since ${started}`,
  close: (client, rest) =>
    on(client, rest, (one, last) => {
      const [code, reason] = split(last);
      one.close(Number(code), reason);
      return `ok, send=${one.send('after the close')}, member=${room.clients.includes(one)}`;
    }),
  online: (client, rest) => String(whom(client, rest)[0]?.isOnline ?? false),
  attach: (client, rest) => on(client, rest, (one, last) => void (one.attachment = last)),
  attachment: (client, rest) => {
    const value = whom(client, rest)[0].attachment;
    return value === undefined ? 'None' : `Some("${value}")`;
  },
  subscribe: (client, rest) => on(client, '', () => client.subscribe(rest)),
  publish: (_client, rest) => shown(room.publish(...split(rest))),
  'of-user': (_client, rest) => `[${room.clientsOfUser(rest).map(({ id }) => id).join(', ')}]`,
  topics: (client, rest) => {
    const [one] = whom(client, rest);
    return `[${(one?.topics ?? []).map((topic) => JSON.stringify(topic)).join(', ')}]`;
  },
  subscribers: (_client, rest) => `[${room.subscribers(rest).map(({ id }) => id).join(', ')}]`,
  timer: (_client, rest) => {
    const [delay, payload] = split(rest);
    return `ok(${room.setTimer(Number(delay), payload)})`;
  },
  interval: (_client, rest) => {
    const [delay, payload] = split(rest);
    return `ok(${room.setTimer(Number(delay), payload, { repeat: true })})`;
  },
  keep: (_client, rest) => writing(() => room.store.set(...split(rest))),
  kept: (_client, rest) => {
    const value = room.store.get(rest);
    return value === undefined ? 'None' : `Some("${value}")`;
  },
  drop: (_client, rest) => writing(() => room.store.delete(rest)),
  clear: () => writing(() => room.store.clear()),
  usage: () => `${room.store.size} keys`,
  keys: (_client, rest) => {
    const [prefix, after] = split(rest);
    return keys({ prefix, after: after || undefined }).join(' ');
  },
  fill: (_client, rest) =>
    writing(() => {
      for (let number = 1; number <= Number(rest); number += 1) room.store.set(`fill/${String(number).padStart(4, '0')}`, number);
    }),
  walk: (_client, prefix) => {
    let [count, last] = [0, undefined];
    for (let part; (part = keys({ prefix, after: last, limit: 100 })).length > 0; count += part.length) last = part.at(-1);
    return `${count}, ${last}`;
  },
  print: (_client, rest) => console.log(rest),
  panic: (client, rest) => {
    room.broadcast('half an answer');
    client.attachment = 'half';
    client.subscribe('half');
    room.store.set('half', 'half');
    room.denyNewClients();
    client.close(4000, 'half');
    throw new Error(`told to panic: ${rest}`);
  },
  spin: () => {
    for (;;);
  },
  // Cases that only JavaScript has.
  tell: (_client, rest) => sent(...split(rest)),
  'tell-bytes': (_client, rest) => {
    const [to, text] = split(rest);
    return sent(to, new TextEncoder().encode(text));
  },
  create: (_client, rest) => sent(...split(rest), { create: true }),
  room: () => `room ${JSON.stringify(rooms.name)}`,
  'half-a-pair': () => 'a\ud800b',
  'not-a-message': (client) => client.send({}),
  random: () => `${Math.random()} ${crypto.randomUUID()}`,
  env: (_client, rest) => `${process.env[rest]}, ${Object.keys(process.env)}, while loading ${whileLoading.variables}`,
  'random-while-loading': () => `${whileLoading.number}`,
  utf8: (_client, rest) => new TextDecoder().decode(new TextEncoder().encode(rest)),
  async later(client, rest) {
    client.send('now');
    await null;
    client.send('after a job');
    await sleep(5);
    client.send(`after a timer, ${rest}`);
    for await (const number of numbers()) client.send(`number ${number}`);
  },
  reject: () => void Promise.reject(new Error('nobody looks')),
  'reject-now': async () => {
    await null;
    throw new Error('told to reject');
  },
  'reject-later': async () => {
    await sleep(1);
    throw new Error('told to reject later');
  },
  'reject-and-handle': () => {
    const promise = Promise.reject(new Error('handled'));
    queueMicrotask(() => promise.catch(() => {}));
  },
  'reject-many': (_client, rest) => {
    const promises = Array.from({ length: Number(rest) }, (_, index) => Promise.reject(new Error(`number ${index}`)));
    // Those with odd numbers are handled after all.
    queueMicrotask(() => promises.forEach((promise, index) => index % 2 && promise.catch(() => {})));
  },
  'many-jobs': async (_client, rest) => {
    for (let count = 0; count < Number(rest); count += 1) await null;
    return rest;
  },
  timers: (client) => {
    const order = [];
    const tell = (what) => order.push(what) === 5 && client.send(order.join(' '));
    setTimeout(tell, 20, 'late');
    setTimeout(tell, 1, 'early');
    clearTimeout(setTimeout(tell, 2, 'cleared'));
    setImmediate(tell, 'immediately');
    const interval = setInterval(() => (order.includes('tick') ? (clearInterval(interval), tell('tock')) : tell('tick')), 4);
  },
  ballast: (_client, rest) => {
    if (rest) ballast = Array.from({ length: Number(rest) }, (_, index) => `${index} `.padEnd(1021, 'ballast '));
    return `${ballast.length} KiB`;
  },
  deep: (_client, rest) => {
    try {
      const depth = Number(rest);
      JSON.parse('['.repeat(depth) + ']'.repeat(depth));
      return 'read';
    } catch (error) {
      return `${error}`;
    }
  },
  recursion: () => {
    const recurse = (depth) => recurse(depth + 1) + 1;
    try {
      recurse(0);
    } catch (error) {
      return `${error}`;
    }
  },
  'bytes-kept'(client) {
    const { store } = room;
    const shown = (value) => (value instanceof Uint8Array ? [...value] : value);
    store.set('raw', Uint8Array.of(255, 0));
    store.set('json', { a: 1 });
    store.set('empty', new Uint8Array());
    const listed = store.list().map(([key, value]) => [key, shown(value)]);
    const got = shown(store.get('raw'));
    store.clear();
    client.attachment = { b: 2 };
    const { attachment } = client;
    client.attachment = Uint8Array.of(255);
    room.setTimer(0, Uint8Array.of(254));
    return JSON.stringify([listed, got, attachment, shown(client.attachment)]).slice(1, -1);
  },
  follow() {
    const listened = AbortSignal.any([followed.signal]);
    listened.addEventListener('abort', () => {});
    const target = new EventTarget();
    const listener = () => {};
    target.addEventListener('x', listener, { signal: followed.signal });
    target.removeEventListener('x', listener);
    followers = [AbortSignal.any([followed.signal]), target, listened].map((one) => new WeakRef(one));
  },
  followed: () => followers.map((one) => (one.deref() ? 'held' : 'gone')).join(', '),
  features: () => ['EventSource', 'WebSocket', 'require', 'setTimeout', 'structuredClone'].map((name) => typeof globalThis[name]).join(' '),
};

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function* numbers() {
  for (const number of [1, 2]) {
    await sleep(1);
    yield number;
  }
}

/** The outcome of a message to another room. */
const sent = (...details) => writing(() => rooms.send(...details)).replace('queued', 'ok');

const keys = (which) => room.store.list(which).map(([key]) => key);

/** The result of a write in the contract's words. */
function writing(act) {
  try {
    return act() ?? 'ok';
  } catch (error) {
    if (typeof error.code === 'string') return error.code;
    throw error;
  }
}

/** Acts on the client that the line names, and returns the outcome in the contract's words. */
function on(client, rest, act) {
  const [one, last] = whom(client, rest);
  if (!one) return 'no-such-client';
  try {
    return shown(act(one, last) ?? 'queued');
  } catch (error) {
    if (typeof error.code === 'string') return error.code;
    throw error;
  }
}

function whom(client, rest) {
  const [first, last] = split(rest);
  return /^\d+$/.test(first) ? [room.client(Number(first)), last] : [client, last];
}

function shown(sent) {
  return sent === 'queued' ? 'ok' : sent;
}

function split(text) {
  const space = text.indexOf(' ');
  return space < 0 ? [text, ''] : [text.slice(0, space), text.slice(space + 1)];
}

function pascal(name) {
  return name.replace(/(^|-)(\w)/g, (_, _dash, letter) => letter.toUpperCase());
}
