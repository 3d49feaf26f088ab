// Answers of the probe to plain HTTP requests: see `tests/javascript.rs`.

import { room } from 'ws-host-guest';

/** The streams of server-sent events. */
const followers = new Set();

export const PLAIN = {
  'publish-event'(_client, word) {
    for (const follower of followers) follower.enqueue(new TextEncoder().encode(`data: ${word}\n\n`));
    return `${followers.size} follow`;
  },
};

const ANSWERS = {
  '/echo': async (request, { address }) =>
    Response.json([request.method, request.url, request.headers.get('x-note'), await request.text(), address.ip], { status: 201 }),
  '/later': async () => {
    await new Promise((done) => setTimeout(done, 5));
    return new Response('at last');
  },
  '/reject': async () => {
    throw new Error('told to reject');
  },
  '/throw': () => {
    throw new Error('told to throw');
  },
  '/large': () => {
    let pieces = 128;
    const pull = (controller) => ((pieces -= 1) < 0 ? controller.close() : controller.enqueue(new Uint8Array(64 << 10)));
    return new Response(new ReadableStream({ pull }));
  },
  // The half and the failure are of one event.
  '/half': () => {
    const pieces = [new TextEncoder().encode('half')];
    const pull = (controller) => (pieces.length > 0 ? controller.enqueue(pieces.pop()) : controller.error(new Error('told to fail')));
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
  },
  '/events': (request) => {
    let its;
    const body = new ReadableStream({ start: (controller) => followers.add((its = controller)), cancel: () => followers.delete(its) });
    request.signal.addEventListener('abort', () => room.broadcast('aborted'));
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  },
};

export function onRequest(request, info) {
  const answer = ANSWERS[new URL(request.url).pathname];
  return answer ? answer(request, info) : new Response('the probe has no such path\n', { status: 404 });
}
