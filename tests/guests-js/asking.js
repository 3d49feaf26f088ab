// Commands on HTTP requests, and the reports of the probe on them: see `tests/conformance/http.rs`.

import { room } from 'ws-host-guest';

/** The controllers of the requests of this instance, by their names. */
const controllers = new Map();

export const ASKING = {
  fetch: (_client, rest) => asks(rest, { stream: false }),
  stream: (_client, rest) => asks(rest),
  post(_client, rest) {
    const [name, url, ...words] = rest.split(' ');
    asks(`${name} ${url}`, { method: 'POST', headers: { 'x-note': name }, body: words.join(' '), stream: false });
  },
  cancel(_client, name) {
    controllers.get(name)?.abort();
    return 'cancelled';
  },
  'fetch-and-fail'(_client, rest) {
    asks(rest);
    throw new Error('told to fail');
  },
};

/** Asks, and reports the answer as it comes. No handler waits for it. */
function asks(rest, init = {}) {
  const [name, url] = rest.split(' ');
  const controller = new AbortController();
  controllers.set(name, controller);
  reports(name, async () => {
    const isWhole = init.stream === false;
    const response = await fetch(url, { ...init, context: { name, isWhole }, signal: controller.signal });
    await (isWhole ? answered(name, response) : streamed(name, response));
  });
}

/** Reports the answer to a request of an instance before this one. */
export async function orphaned({ context: { name, isWhole }, response, rest, error }) {
  await reports(name, async () => {
    if (error) throw error;
    if (response) await (isWhole ? answered(name, response) : streamed(name, response));
    else await pieces(name, rest.body);
  });
}

async function answered(name, response) {
  const text = await response.text();
  room.broadcast(`${head(name, response)} ${JSON.stringify(text)}`);
}

async function streamed(name, response) {
  room.broadcast(head(name, response));
  await pieces(name, response.body);
}

async function pieces(name, body) {
  for await (const piece of body) room.broadcast(`${name} piece ${JSON.stringify(new TextDecoder().decode(piece))}`);
  room.broadcast(`${name} end`);
}

function head(name, { status, headers }) {
  return `${name} ${status} ${headers.get('content-type') ?? '-'}`;
}

async function reports(name, act) {
  try {
    await act();
  } catch (error) {
    if (error.name === 'AbortError') return;
    if (!error.cause?.code) throw error;
    room.broadcast(`${name} ${error.cause.code}: ${error.cause.message}`);
  }
}
