// Cases for the globals of the web. Node.js, which passes the web-platform tests, and a guest must answer alike.

import { FETCH, standardOfFetch } from './fetch-cases.js';
import { SIGNATURES } from './signature-cases.js';
import { STREAMS } from './stream-cases.js';

const thrown = (act) => {
  try {
    return act();
  } catch (error) {
    return `throws ${error.name}`;
  }
};

const bytes = (...list) => Uint8Array.from(list);
const parts = ({ href, origin, host, hostname, port, pathname, search, hash, username, password, protocol }) =>
  [href, origin, host, hostname, port, pathname, search, hash, username, password, protocol];

const URLS = [
  ['http://User:pa ss@EXAMPLE.com:80/a/./b/../c?x=y z#é'], ['https://example.com:8443'], ['//host/path', 'wss://other:1/x?y'],
  ['../up?q', 'http://h/a/b/c'], ['?only', 'http://h/a?b#c'], ['#f', 'http://h/a?b'], ['file:///C:/x/../y'], ['mailto:a@b'],
  ['data:text/plain,hello world'], ['http://ünïcode.example/ä'], ['http://xn--nxasmq6b/'], ['http://0x7f.1/'], ['http://[::1]:8080/'],
  ['http://[2001:db8:0:0:1:0:0:1]/'], ['http://1.2.3.256/'], ['http://a b/'], ['http://example.com:99999/'], ['relative'], [''],
  ['  http://trim.example/\t\n '], ['http:\\\\back\\slash'], ['blob:https://a.example/1'], ['http://a/%zz%41'], ['ws://h:80/'], ['wss://h:443'],
];

const CHANGES = [
  ['protocol', 'https'], ['protocol', 'mailto'], ['host', 'other:81'], ['hostname', 'x.y'], ['port', '443'], ['port', '12ab'], ['port', ''],
  ['pathname', 'a b?c#d'], ['search', 'x=1&y=é'], ['search', ''], ['hash', '#h h'], ['username', 'ü'], ['password', 'p:w'],
];

const QUERIES = ['a=1&b=2&a=3', '?x=%41+%2B&y', '=v&k=', '%F0%9F%8D%95=%zz', 'a=b=c&&', '\u00e9=\ud800'];

const TEXTS = ['', 'plain', 'gr\u00fc\u00dfe', '\u4e16\u754c', '\u{1f30d}', 'a\ud800b', '\udc00', '\ud83c\ud83c\udf0d'];

const ENCODED = [[0xff], [0xc0, 0x80], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0x61, 0xf0, 0x9f], [0xef, 0xbb, 0xbf, 0x61], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x28, 0xa1]];

const LABELS = ['latin1', 'ascii', 'iso-8859-1', 'windows-1252', '\tUTF-16\n', 'ucs-2', 'unicodefffe', 'sjis', 'x-cp1251', 'koi8-r', 'big5', 'gbk', 'euc-kr', 'macintosh', 'replacement', 'utf-7', ''];

const TEXTS_OF = {
  'windows-1252': [0x61, 0xe9, 0xfc], 'utf-16le': [0xff, 0xfe, 0x61, 0, 0x3c, 0xd8, 0x0d, 0xdf], 'utf-16be': [0xfe, 0xff, 0, 0x61, 0xd8, 0x3c, 0xdf, 0x0d, 0xd8, 0],
  'iso-8859-15': [0xa4, 0x62], 'windows-1251': [0xcf, 0xf0], shift_jis: [0x83, 0x65, 0xb1, 0x41], 'euc-jp': [0xa5, 0xc6], gb18030: [0xc4, 0xe3, 0x81, 0x30, 0x84, 0x36],
  'euc-kr': [0xc7, 0xd1], 'koi8-r': [0xf0],
};

function urls() {
  return [
    ...URLS.map((args) => thrown(() => parts(new URL(...args)))),
    ...URLS.map((args) => URL.canParse(...args)),
    ...CHANGES.map(([part, value]) => {
      const url = new URL('http://u:p@host:8080/path?q#h');
      url[part] = value;
      return parts(url);
    }),
    (() => {
      const url = new URL('http://h/?a=1');
      url.searchParams.append('b', '\u00e9 &');
      url.searchParams.delete('a');
      const seen = [url.href];
      url.search = '?c=3';
      return [...seen, ...url.searchParams].flat();
    })(),
    JSON.stringify({ url: new URL('http://h') }),
  ];
}

function queries() {
  return [
    ...QUERIES.map((query) => [[...new URLSearchParams(query)], `${new URLSearchParams(query)}`]),
    `${new URLSearchParams([['b', 1], ['a', '*-._~!\'()']])}`,
    `${new URLSearchParams({ x: 'y z' })}`,
    thrown(() => new URLSearchParams([['one']])),
    (() => {
      const params = new URLSearchParams('b=1&a=2&b=3&a=4');
      params.sort();
      params.set('b', 5);
      return [`${params}`, params.size, params.getAll('a'), params.get('z'), params.has('a', '4'), params.has('a', '5')];
    })(),
  ];
}

function encoding() {
  const encoder = new TextEncoder();
  const into = (text, room) => {
    const target = new Uint8Array(room);
    return [encoder.encodeInto(text, target), [...target]];
  };
  const pieces = (list, options, label = 'utf-8') => {
    const decoder = new TextDecoder(label, options);
    return thrown(() => list.map((byte) => decoder.decode(bytes(byte), { stream: true })).join('|') + decoder.decode());
  };
  return [
    ...TEXTS.map((text) => [...encoder.encode(text)]),
    ...TEXTS.flatMap((text) => [0, 1, 2, 3, 4, 5, 6].map((room) => into(text, room))),
    ...ENCODED.map((list) => new TextDecoder().decode(bytes(...list))),
    ...ENCODED.map((list) => thrown(() => new TextDecoder('utf8', { fatal: true }).decode(bytes(...list)))),
    ...ENCODED.map((list) => pieces(list, {})),
    ...ENCODED.map((list) => pieces(list, { fatal: true })),
    new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes(0xef, 0xbb, 0xbf, 0x61)),
    new TextDecoder().decode(new DataView(bytes(1, 0x62, 0x63).buffer, 1)),
    [new TextDecoder(' UTF8 ').encoding, thrown(() => new TextDecoder('no-such'))],
    ...LABELS.map((label) => thrown(() => new TextDecoder(label).encoding)),
    ...Object.entries(TEXTS_OF).flatMap(([label, list]) => [
      new TextDecoder(label).decode(bytes(...list)),
      pieces(list.map((byte) => [byte]), {}, label),
      thrown(() => new TextDecoder(label, { fatal: true }).decode(bytes(...list, 0xff))),
      thrown(() => new TextDecoder(label, { fatal: true }).decode(bytes(...list.slice(0, -1)))),
    ]),
    new TextDecoder('utf-16le', { ignoreBOM: true }).decode(bytes(0xff, 0xfe, 0x61, 0)),
    new TextDecoder('utf-16be').decode(bytes(0xff, 0xfe, 0x61, 0)),
    (() => {
      const decoder = new TextDecoder();
      return [decoder.decode(bytes(0xef, 0xbb), { stream: true }), decoder.decode(bytes(0xbf, 0x61), { stream: true }), decoder.decode(), decoder.decode(bytes(0xef, 0xbb, 0xbf, 0x62))];
    })(),
  ];
}

function events() {
  const seen = [];
  const target = new EventTarget();
  const listener = { handleEvent: ({ type }) => seen.push(`object ${type}`) };
  const controller = new AbortController();
  target.addEventListener('x', (event) => seen.push(event.type, event.target === target, event.eventPhase));
  target.addEventListener('x', listener);
  target.addEventListener('x', listener);
  target.addEventListener('x', () => seen.push('once'), { once: true });
  target.addEventListener('x', () => seen.push('with a signal'), { signal: controller.signal });
  seen.push(target.dispatchEvent(new Event('x', { cancelable: true })));
  controller.abort();
  target.addEventListener('x', (event) => (event.preventDefault(), event.stopImmediatePropagation()));
  target.addEventListener('x', () => seen.push('never'));
  seen.push(target.dispatchEvent(new Event('x', { cancelable: true })));
  seen.push(thrown(() => new Event()), thrown(() => target.dispatchEvent({})));
  return seen;
}

function aborts() {
  const controller = new AbortController();
  const seen = [];
  controller.signal.onabort = () => seen.push('onabort');
  const any = AbortSignal.any([controller.signal, new AbortController().signal]);
  any.addEventListener('abort', () => seen.push('any'));
  controller.abort();
  controller.abort('again');
  const { name, code } = controller.signal.reason;
  return [...seen, name, code, any.aborted, any.reason === controller.signal.reason, thrown(() => AbortSignal.abort().throwIfAborted()),
    AbortSignal.abort(5).reason, thrown(() => new AbortSignal()), thrown(() => AbortSignal.any([{}]))];
}

/** Signals that follow others, also those that nothing else holds. */
function followers() {
  const [first, second] = [new AbortController(), new AbortController()];
  const seen = [];
  const middle = AbortSignal.any([first.signal]);
  const last = AbortSignal.any([middle, second.signal]);
  first.signal.addEventListener('abort', () => seen.push('first'));
  middle.addEventListener('abort', () => seen.push('middle'));
  last.onabort = ({ type, target }) => seen.push('last', type, target === last);
  AbortSignal.any([first.signal]).addEventListener('abort', () => seen.push('nobody else holds it'));
  AbortSignal.any([AbortSignal.any([first.signal])]).addEventListener('abort', () => seen.push('nor what it follows'));
  first.abort('why');
  second.abort('too late');
  const handled = new AbortController();
  handled.signal.onabort = () => seen.push('replaced');
  handled.signal.addEventListener('abort', () => seen.push('listener'));
  handled.signal.onabort = () => seen.push('handler');
  handled.abort();
  return [...seen, last.reason, AbortSignal.any([last, second.signal]).reason, AbortSignal.any([]).aborted];
}

async function times() {
  const before = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 5));
  const now = performance.now();
  const apart = Date.now() - (performance.timeOrigin + performance.now());
  return [before >= 0, now - before > 4, Math.abs(apart) < 1000, Object.keys(performance.toJSON()).includes('timeOrigin'), `${performance}`,
    performance instanceof Performance, thrown(() => new Performance()), new Event('x').timeStamp >= now];
}

function clones() {
  const cyclic = { list: [1, , 3], date: new Date(5), map: new Map([[{ a: 1 }, new Set([1n])]]), pattern: /x/gi, nothing: undefined };
  cyclic.self = cyclic;
  const copy = structuredClone(cyclic);
  const buffer = new ArrayBuffer(4);
  const moved = structuredClone({ buffer }, { transfer: [buffer] });
  class Thing { field = 1; }
  const error = structuredClone(new RangeError('wrong', { cause: 'why' }));
  return [
    copy.self === copy, copy !== cyclic, copy.list.length, 1 in copy.list, copy.date.getTime(), [...copy.map.values()][0].has(1n), `${copy.pattern}`,
    'nothing' in copy, buffer.byteLength, moved.buffer.byteLength, structuredClone(new Thing()) instanceof Thing, error instanceof RangeError,
    error.message, error.cause, thrown(() => structuredClone(() => {})), thrown(() => structuredClone(Symbol('x'))),
    thrown(() => structuredClone(Promise.resolve())), [...structuredClone(new Uint16Array([1, 2]))], typeof structuredClone(Object(true)),
  ];
}

async function blobs() {
  const blob = new Blob(['a\u00e9', bytes(0x62), new Blob(['c'])], { type: 'Text/PLAIN' });
  return [blob.size, blob.type, await blob.text(), [...new Uint8Array(await blob.slice(1, -1).arrayBuffer())], await blob.slice(-1).text(), thrown(() => new Blob('no list'))];
}

function headers() {
  const all = new Headers([['X-One', ' a '], ['b', '2'], ['x-one', 'c'], ['Set-Cookie', 'k=1'], ['set-cookie', 'l=2']]);
  all.delete('B');
  return [[...all], all.get('X-ONE'), all.getSetCookie(), all.has('none'), all.get('none'), thrown(() => all.set('bad name', 'x')), thrown(() => all.set('x', 'a\nb')), [...new Headers({ z: 1, a: 2 }).keys()]];
}

async function cryptography() {
  const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const text = new TextEncoder().encode('abc');
  const seen = [];
  for (const hash of ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512']) {
    const key = await crypto.subtle.importKey('raw', text, { name: 'HMAC', hash }, true, ['sign', 'verify']);
    const tag = await crypto.subtle.sign('HMAC', key, text);
    seen.push(hex(await crypto.subtle.digest(hash, text)), hex(tag), await crypto.subtle.verify('HMAC', key, tag, text));
    seen.push(await crypto.subtle.verify('HMAC', key, tag.slice(1), text), (await crypto.subtle.exportKey('jwk', key)).k);
  }
  const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(crypto.randomUUID());
  const many = thrown(() => crypto.getRandomValues(new Uint8Array(65537)));
  return [...seen, uuid, many, thrown(() => crypto.getRandomValues(new Float32Array(1))), thrown(() => crypto.getRandomValues(new DataView(new ArrayBuffer(1)))),
    crypto.getRandomValues(new BigInt64Array(2)).length, `${crypto}`, `${crypto.subtle}`, thrown(() => new CryptoKey()), thrown(() => new SubtleCrypto()), thrown(() => new Crypto())];
}

/** Keys for HMAC: as they are imported, made and exported. */
async function keys() {
  const { subtle } = crypto;
  const hmac = { name: 'hmac', hash: { name: 'sha-256' } };
  const shown = ({ type, extractable, algorithm, usages }) => [type, extractable, algorithm.name, algorithm.hash.name, algorithm.length, usages];
  const imported = await subtle.importKey('raw', bytes(1, 2, 3), hmac, true, ['verify', 'sign']);
  const jwk = { kty: 'oct', k: 'AQID', alg: 'HS256', use: 'sig', key_ops: ['sign', 'verify'], ext: true };
  const fromJwk = await subtle.importKey('jwk', jwk, hmac, false, ['sign']);
  const made = await Promise.all(['SHA-1', 'SHA-512'].map((hash) => subtle.generateKey({ name: 'HMAC', hash }, true, ['sign'])));
  const short = await subtle.generateKey({ name: 'HMAC', hash: 'SHA-256', length: 128 }, true, ['verify']);
  const { k, ...exported } = await subtle.exportKey('jwk', made[1]);
  return [
    shown(imported), shown(fromJwk), made.map(shown), shown(short), (await subtle.exportKey('raw', short)).byteLength, k.length, Object.entries(exported).sort(),
    [...new Uint8Array(await subtle.exportKey('raw', imported))], imported instanceof CryptoKey, `${imported}`, made[0].algorithm === made[0].algorithm,
  ];
}

/** The errors of SubtleCrypto for calls that it refuses. */
async function refusals() {
  const { subtle } = crypto;
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const raw = bytes(1, 2, 3);
  const jwk = { kty: 'oct', k: 'AQID' };
  const verifying = await subtle.importKey('raw', raw, hmac, false, ['verify']);
  const calls = [
    () => subtle.digest('MD5', raw), () => subtle.digest({}, raw), () => subtle.digest('SHA-256', 'text'), () => subtle.digest('SHA-256'),
    () => subtle.digest(null, raw), () => subtle.importKey('raw', raw, hmac, true, []), () => subtle.importKey('raw', raw, hmac, true, ['encrypt']),
    () => subtle.importKey('raw', bytes(), hmac, true, ['sign']), () => subtle.importKey('raw', 'text', hmac, true, ['sign']),
    () => subtle.importKey('raw', raw, 'HMAC', true, ['sign']), () => subtle.importKey('raw', raw, { name: 'HMAC', hash: 'MD5' }, true, ['sign']),
    () => subtle.importKey('raw', raw, { name: 'None' }, true, ['sign']), 
    () => subtle.importKey('other', raw, hmac, true, ['sign']), () => subtle.importKey('raw', raw), () => subtle.importKey('raw', jwk, hmac, true, ['sign']),
    () => subtle.importKey('jwk', { kty: 'RSA', k: 'AQID' }, hmac, true, ['sign']), () => subtle.importKey('jwk', { kty: 'oct' }, hmac, true, ['sign']),
    () => subtle.importKey('jwk', { ...jwk, alg: 'HS512' }, hmac, true, ['sign']), () => subtle.importKey('jwk', { ...jwk, use: 'enc' }, hmac, true, ['sign']),
    () => subtle.importKey('jwk', { ...jwk, ext: false }, hmac, true, ['sign']), () => subtle.importKey('jwk', { ...jwk, key_ops: ['verify'] }, hmac, true, ['sign']),
    () => subtle.importKey('jwk', { ...jwk, key_ops: ['sign', 'sign'] }, hmac, true, ['sign']), () => subtle.generateKey(hmac, true, []),
    () => subtle.generateKey(hmac, true, ['deriveKey']), () => subtle.generateKey({ name: 'HMAC' }, true, ['sign']),
    () => subtle.exportKey('raw', {}), () => subtle.sign('HMAC', verifying, raw), () => subtle.sign('HMAC', {}, raw), () => subtle.sign('None', verifying, raw),
    () => subtle.verify('HMAC', verifying, raw), () => subtle.verify('HMAC', verifying, 'text', raw), () => subtle.encrypt('HMAC', verifying, raw),
    () => subtle.deriveBits('HMAC', verifying, 8),
  ];
  const answers = [];
  for (const call of calls) answers.push(await call().then((value) => `gives ${typeof value}`, ({ name, constructor }) => [name, constructor.name]));
  return answers;
}

async function promises() {
  const order = [];
  const tell = (name) => () => void order.push(name);
  queueMicrotask(tell('microtask'));
  const done = new Promise((resolve) => setTimeout(resolve, 30));
  setTimeout(tell('later'), 20);
  setTimeout(tell('soon'), 1);
  Promise.resolve().then(tell('promise')).then(tell('chained'));
  order.push('now');
  await done;
  const settled = await Promise.allSettled([Promise.reject(new Error('no')), 1]);
  const first = await Promise.any([Promise.reject(1), 2]);
  return [...order, settled.map(({ status }) => status), first];
}

const GROUPS = { urls, queries, encoding, events, aborts, followers, times, clones, blobs, headers, cryptography, keys, refusals, promises, ...SIGNATURES, ...STREAMS, ...FETCH };

/** Cases in which Node.js 20 differs from the standards: the result and the right one. */
export async function standard() {
  const { subtle } = crypto;
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const key = await subtle.importKey('raw', bytes(1), hmac, false, ['sign', 'sign']);
  const nameOf = (promise) => promise.then(() => 'resolved', ({ name }) => name);
  const controller = new AbortController();
  const follower = AbortSignal.any([controller.signal]);
  let isFollowed;
  controller.signal.onabort = () => (isFollowed = follower.aborted);
  controller.abort();
  return [
    [key.usages.length, 1],
    [await nameOf(subtle.importKey('spki', bytes(1), hmac, true, ['sign'])), 'NotSupportedError'],
    [await nameOf(subtle.exportKey('raw', key)), 'InvalidAccessError'],
    [isFollowed, true],
    [new TextDecoder('latin1').decode(bytes(0x80, 0x9f)), '\u20ac\u0178'],
    [new TextDecoder('big5').decode(bytes(0xa7, 0x41, 0xff)), '\u4f60\ufffd'],
    [await nameOf(subtle.sign('Ed25519', key, bytes(1))), 'NotSupportedError'],
    ...(await standardOfFetch()),
  ];
}

/** Returns a line for each case: its group, its number and its result as JSON. */
export async function results() {
  const lines = [];
  for (const [name, run] of Object.entries(GROUPS)) {
    const answers = await run();
    answers.forEach((answer, index) => lines.push(`${name} ${index}: ${JSON.stringify(answer)}`));
  }
  return lines;
}
