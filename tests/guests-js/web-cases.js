// Cases for the globals of the web. Node.js, which passes the web-platform tests, and a guest must answer alike.

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
  const pieces = (list, options) => {
    const decoder = new TextDecoder('utf-8', options);
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
    AbortSignal.abort(5).reason, thrown(() => new AbortSignal())];
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
  const refused = await crypto.subtle.digest('MD5', text).catch(({ name }) => name);
  const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(crypto.randomUUID());
  const many = thrown(() => crypto.getRandomValues(new Uint8Array(65537)));
  return [...seen, refused, uuid, many, thrown(() => crypto.getRandomValues(new Float32Array(1)))];
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

const GROUPS = { urls, queries, encoding, events, aborts, clones, blobs, headers, cryptography, promises };

/** Returns a line for each case: its group, its number and its result as JSON. */
export async function results() {
  const lines = [];
  for (const [name, run] of Object.entries(GROUPS)) {
    const answers = await run();
    answers.forEach((answer, index) => lines.push(`${name} ${index}: ${JSON.stringify(answer)}`));
  }
  return lines;
}
