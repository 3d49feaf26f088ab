// Cases for streams. Node.js, which passes the web-platform tests, and a guest must answer alike.

const failing = (promise) => promise.then((value) => ['resolved', value], (error) => ['rejected', error?.name ?? error]);

const thrown = (act) => {
  try {
    return act();
  } catch (error) {
    return `throws ${error.name}`;
  }
};

async function all(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(typeof piece === 'object' ? [...piece] : piece);
  return pieces;
}

/** A stream that counts up, and tells of each call. */
function counting(seen, strategy) {
  let count = 0;
  return new ReadableStream({
    start: () => void seen.push('start'),
    pull(controller) {
      seen.push('pull');
      count += 1;
      controller.enqueue(count);
      if (count === 3) controller.close();
    },
    cancel: (reason) => void seen.push('cancel', reason),
  }, strategy);
}

async function readable() {
  const seen = [];
  const reader = counting(seen).getReader();
  const first = await reader.read();
  await reader.cancel('enough');
  const held = counting([]);
  held.getReader();
  const broken = new ReadableStream({ pull: () => Promise.reject(new RangeError('broken')) });
  const early = [];
  for await (const number of counting(early)) if (number === 2) break;
  const kept = counting([]);
  for await (const number of kept.values({ preventCancel: true })) if (number === 1) break;
  const [left, right] = counting([]).tee();
  const ended = counting([]).getReader();
  const closed = failing(ended.closed);
  while (!(await ended.read()).done);
  return [
    first, await reader.read(), seen, await all(counting([])), held.locked, thrown(() => held.getReader()), await failing(held.cancel()),
    await failing(broken.getReader().read()), early, await all(kept), await Promise.all([all(left), all(right)]), await closed,
    await all(ReadableStream.from(['a', 'b'])), await all(ReadableStream.from((async function* () { yield 1; yield 2; })())),
    await failing(all(ReadableStream.from((function* () { yield 1; throw new TypeError('no'); })()))), thrown(() => ReadableStream.from(5)),
    thrown(() => new ReadableStream({ type: 'other' })), thrown(() => new ReadableStream({}, { highWaterMark: -1 })), `${held}`,
    new CountQueuingStrategy({ highWaterMark: 4 }).size('x'), new ByteLengthQueuingStrategy({ highWaterMark: 4 }).size(new Uint8Array(7)),
    await (async () => (counting(seen, { highWaterMark: 2 }), await null, await null, await null, seen.slice(-3)))(),
  ];
}

async function bytewise() {
  const stream = () => new ReadableStream({
    type: 'bytes',
    pull(controller) {
      const { view } = controller.byobRequest;
      view[0] = 7;
      controller.byobRequest.respond(1);
    },
  });
  const reader = stream().getReader({ mode: 'byob' });
  const { value, done } = await reader.read(new Uint8Array(4));
  const queued = new ReadableStream({ type: 'bytes', start: (controller) => (controller.enqueue(Uint8Array.of(1, 2, 3)), controller.close()) });
  const wide = queued.getReader({ mode: 'byob' });
  const pieces = [await wide.read(new Uint8Array(2)), await wide.read(new Uint8Array(2)), await wide.read(new Uint8Array(2))];
  return [[...value], value.buffer.byteLength, done, pieces.map((piece) => [[...piece.value], piece.done]), await failing(wide.read(new Uint8Array(0)))];
}

async function writable() {
  const seen = [];
  const stream = new WritableStream({
    write: (piece, controller) => (piece === 'bad' ? controller.error(new RangeError('bad')) : void seen.push(piece)),
    close: () => void seen.push('close'),
    abort: (reason) => void seen.push('abort', reason),
  });
  const writer = stream.getWriter();
  const size = writer.desiredSize;
  const writes = [writer.write(1), writer.write(2)];
  const waiting = writer.desiredSize;
  await Promise.all(writes);
  await writer.ready;
  await writer.close();
  const bad = new WritableStream({ write: (_piece, controller) => controller.error(new RangeError('bad')) }).getWriter();
  bad.closed.catch(() => {});
  await bad.write('x');
  let signal;
  const aborted = new WritableStream({ start: (controller) => void ({ signal } = controller) });
  await aborted.abort('why');
  return [size, waiting, seen, await failing(bad.write('y')), signal.aborted, signal.reason, thrown(() => stream.getWriter())];
}

async function transforms() {
  const upper = () => new TransformStream({ transform: (piece, controller) => controller.enqueue(piece.toUpperCase()), flush: (controller) => controller.enqueue('END') });
  const words = ReadableStream.from(['a', 'b']);
  const through = await all(words.pipeThrough(upper()));
  const written = [];
  await counting([]).pipeTo(new WritableStream({ write: (piece) => void written.push(piece) }));
  const controller = new AbortController();
  const piping = failing(new ReadableStream().pipeTo(new WritableStream(), { signal: controller.signal }));
  controller.abort();
  const failed = failing(all(ReadableStream.from(['x']).pipeThrough(new TransformStream({ transform: () => { throw new SyntaxError('no'); } }))));
  return [through, written, await piping, await failed, await all(ReadableStream.from([1]).pipeThrough(new TransformStream()))];
}

async function texts() {
  const decoded = (pieces, ...details) => all(ReadableStream.from(pieces.map((list) => Uint8Array.from(list))).pipeThrough(new TextDecoderStream(...details)));
  const encoded = (pieces) => all(ReadableStream.from(pieces).pipeThrough(new TextEncoderStream()));
  const stream = new TextDecoderStream('utf-8', { fatal: true });
  return [
    await decoded([[0xef, 0xbb], [0xbf, 0x61, 0xe2], [0x82], [0xac], [0xff]]), await failing(decoded([[0x61], [0xff]], 'utf-8', { fatal: true })),
    await failing(decoded([[0xe2]], 'utf-8', { fatal: true })), await encoded(['a', '\ud83c', '\udf0d', '', '\ud83c', 'b', '\udc00', '\ud800']),
    [stream.encoding, stream.fatal, stream.ignoreBOM, new TextEncoderStream().encoding], thrown(() => new TextDecoderStream('no-such')),
    await failing(all(ReadableStream.from(['text']).pipeThrough(new TextDecoderStream()))),
  ];
}

async function blobs() {
  const blob = new Blob(['x'.repeat(100_000), 'end']);
  const pieces = await all(blob.stream());
  const reader = new Blob(['abc']).stream().getReader({ mode: 'byob' });
  const { value } = await reader.read(new Uint8Array(2));
  return [pieces.flat().length, String.fromCharCode(...pieces.flat().slice(-3)), [...value], await all(new Blob([]).stream())];
}

export const STREAMS = { readable, bytewise, writable, transforms, texts, streamedBlobs: blobs };
