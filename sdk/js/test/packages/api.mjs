// The server that packages with requests are tried with: a few answers of the APIs that they are for.

import { createServer } from 'node:http';

const events = (...all) => all.map((event) => `${event.type ? `event: ${event.type}\n` : ''}data: ${event === '[DONE]' ? event : JSON.stringify(event)}\n\n`).join('');

const MESSAGE = { id: 'm', type: 'message', role: 'assistant', model: 'x', content: [], stop_reason: null, usage: { input_tokens: 1, output_tokens: 1 } };

const ANSWERS = {
  '/json': (body) => JSON.stringify({ heard: body }),
  '/v1/chat/completions': () =>
    events(...['Once', ' upon'].map((content) => ({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] })), '[DONE]'),
  '/v1/messages': () =>
    events(
      { type: 'message_start', message: MESSAGE },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      ...['Once', ' upon'].map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
      { type: 'content_block_stop', index: 0 },
      { type: 'message_stop' },
    ),
};

/** Starts the server on a free port. */
export async function serve() {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const { pathname } = new URL(request.url, 'http://h');
    if (pathname === '/moved') return response.writeHead(302, { location: '/json' }).end();
    response.setHeader('content-type', pathname === '/json' ? 'application/json' : 'text/event-stream');
    response.end(ANSWERS[pathname](body));
  });
  await new Promise((listens) => server.listen(0, '127.0.0.1', listens));
  return server;
}
