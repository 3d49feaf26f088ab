// Cases for Request, Response, Headers and forms. Node.js and a guest must answer alike.

const thrown = (act) => {
  try {
    return act();
  } catch (error) {
    return `throws ${error.name}`;
  }
};

const failing = (promise) => promise.then((value) => ['resolved', value], (error) => ['rejected', error.name]);

const bytes = (...list) => Uint8Array.from(list);

function lists() {
  const headers = new Headers([['B', '2'], ['a', ' 1 '], ['b', '3'], ['Set-Cookie', 'x=1'], ['set-cookie', 'y=2']]);
  const seen = [];
  for (const [name] of headers) {
    seen.push(name);
    if (name === 'a') headers.append('c', '4');
  }
  const { headers: frozen } = Response.error();
  return [
    [...headers], seen, [...headers.keys()], [...headers.values()], headers.getSetCookie(), [...new Headers(headers)],
    thrown(() => frozen.append('a', 'b')), thrown(() => Response.redirect('http://h/').headers.set('a', 'b')),
    ...[{ 'a b': '1' }, { a: 'x\ny' }, { a: '\u0100' }, [['a']], null, 1, 'ab'].map((init) => thrown(() => [...new Headers(init)])),
    thrown(() => headers.append('x')), thrown(() => headers.get()),
  ];
}

async function responses() {
  const shown = ({ status, statusText, ok, type, url, redirected, bodyUsed, headers }) => [status, statusText, ok, type, url, redirected, bodyUsed, [...headers]];
  const json = Response.json({ a: ['\u00e9', null] }, { status: 201, headers: { 'x-a': 'b' } });
  const read = new Response('text');
  const text = await read.text();
  const streamed = new Response('\ufeffbom');
  const { body } = streamed;
  const pieces = [];
  for await (const piece of body) pieces.push(...piece);
  const cloned = new Response(new Blob(['a', 'b'], { type: 'a/b' }));
  const other = cloned.clone();
  const source = () => new ReadableStream({ start: (controller) => { controller.enqueue(bytes(104, 105)); controller.close(); } });
  const given = source();
  const teed = new Response(source());
  const twin = teed.clone();
  return [
    shown(new Response()), shown(json), await json.json(), shown(Response.error()), shown(Response.redirect('http://h/a b', 307)),
    shown(new Response('x', { status: 404, statusText: 'Gone fishing', headers: { 'Content-Type': 'a/b' } })),
    text, read.bodyUsed, await failing(read.text()), thrown(() => read.clone() && 1),
    pieces, streamed.bodyUsed, await failing(streamed.arrayBuffer()),
    await cloned.text(), await other.text(), other.headers.get('content-type'), (await new Response('x', { headers: { 'content-type': 'A/B' } }).blob()).type,
    new Response(given).body === given, await new Response(source()).text(), await teed.text(), await twin.text(),
    [...bytes(...new Uint8Array(await new Response(bytes(1, 2, 3).subarray(1)).arrayBuffer()))],
    await new Response('\ufeff\u00e9').text(), await new Response(bytes(0x61, 0xff)).text(), await failing(new Response('{').json()), await failing(new Response().json()),
    await new Response(new URLSearchParams({ a: '1 &' })).text(), await new Response().text(), new Response().body, new Response('').body === null,
    await new Response(12).text(), await new Response({}).text(), await new Response('a\ud800').text(),
    ...[{ status: 199 }, { status: 600 }, { status: 101 }, { statusText: '\n' }].map((init) => thrown(() => new Response(null, init).status)),
    ...[204, 205, 304].map((status) => [thrown(() => new Response('x', { status }).status), thrown(() => new Response(null, { status }).status)]),
    thrown(() => Response.redirect('/relative')), thrown(() => Response.redirect('http://h', 200)), thrown(() => Response.json(undefined)),
    thrown(() => { const locked = source(); locked.getReader(); return new Response(locked) && 1; }),
    await failing(new Response(new ReadableStream({ start: (controller) => { controller.enqueue('no bytes'); controller.close(); } })).text()),
    String(json), Object.prototype.toString.call(new Headers()),
  ];
}

async function requests() {
  const shown = ({ method, url, headers, redirect, mode, credentials, cache, integrity, keepalive, bodyUsed, destination, referrer, duplex }) =>
    [method, url, [...headers], redirect, mode, credentials, cache, integrity, keepalive, bodyUsed, destination, referrer, duplex];
  const post = new Request('http://H:80/a/../b c#d', { method: 'post', body: 'x', headers: { 'X-A': 'b' }, redirect: 'manual' });
  const clone = post.clone();
  const controller = new AbortController();
  const signalled = new Request('http://h', { signal: controller.signal });
  const taken = new Request(post, { method: 'PUT' });
  controller.abort();
  const stream = () => new Blob(['s']).stream();
  return [
    shown(new Request('http://h')), shown(clone), shown(taken), post.bodyUsed, await taken.text(), await clone.text(), signalled.signal.aborted,
    new Request('http://h').signal.aborted, [...new Request(clone, { headers: { only: 'this' } , body: 'y' }).headers].filter(([name]) => name !== 'content-type'),
    ...['get', 'Delete', 'options', 'patch', 'x-own', 'a b', 'trace', 'CONNECT'].map((method) => thrown(() => new Request('http://h', { method }).method)),
    ...['/relative', 'http://u:p@h', '', 'http://'].map((url) => thrown(() => new Request(url).url)),
    thrown(() => new Request('http://h', { body: 'x' }).method), thrown(() => new Request('http://h', { method: 'HEAD', body: '' }).method),
    thrown(() => new Request('http://h', { method: 'POST', body: stream() }).method),
    await new Request('http://h', { method: 'POST', body: stream(), duplex: 'half' }).text(),
    ...[{ redirect: 'x' }, { mode: 'navigate' }, { cache: 'x' }, { credentials: 'x' }, { signal: 1 }].map((init) => thrown(() => new Request('http://h', init).url)),
    thrown(() => new Request(post).url), new Request(new URL('http://h/x')).url, thrown(() => new Request()), thrown(() => new Request('http://h', { signal: null }).signal.aborted),
  ];
}

async function forms() {
  const form = new FormData();
  form.append('a', '1');
  form.append('b', new Blob(['blob'], { type: 'a/b' }));
  form.append('a', 2);
  form.append('f', new File(['x'], 'n.txt', { lastModified: 5 }), 'other.txt');
  const shown = (form) => Array.from(form, ([name, value]) => [name, typeof value === 'string' ? value : [value.name, value.type, value.size]]);
  const before = shown(form);
  form.set('a', '3');
  form.delete('b');
  const file = new File(['a', bytes(98)], 'n/m', { type: 'A/B', lastModified: 7 });
  const back = await new Response(form).formData();
  const raw = '--x\r\nContent-Disposition: form-data; name="a%22\u00e9"\r\n\r\none\r\ntwo\r\n--x\r\ncontent-disposition: form-data; name="f"; filename="g"\r\ncontent-type: a/b\r\n\r\n\r\n--x--\r\n';
  const parsed = (body, type) => failing(new Response(body, { headers: { 'content-type': type } }).formData().then(shown));
  return [
    before, shown(form), form.get('a'), form.get('none'), form.getAll('a'), form.has('b'), [...form.keys()], shown(back), await back.get('f').text(),
    [file.name, file.type, file.size, file.lastModified, await file.text(), file instanceof Blob, String(file)], String(form),
    thrown(() => new File(['a'])), thrown(() => form.append('a')), thrown(() => form.append('a', 'b', 'c')), thrown(() => new FormData(1)),
    await parsed(raw, 'multipart/form-data; boundary=x'), await parsed('a=1&b=%20+c', 'application/x-www-form-urlencoded'),
    await parsed('x', 'text/plain'), await parsed('broken', 'multipart/form-data; boundary=x'),
    /^multipart\/form-data; boundary=\S+$/.test(new Response(form).headers.get('content-type')),
    await structuredClone({ blob: new Blob(['cloned'], { type: 'a/b' }) }).blob.text(),
  ];
}

export const FETCH = { lists, responses, requests, forms };

/** Where Node.js 20 lacks what the standard has. */
export async function standardOfFetch() {
  return [
    [[...(await new Response('ab').bytes())].join(), '97,98'],
    [structuredClone(new File(['x'], 'n', { lastModified: 3 })).name, 'n'],
  ];
}
