// Gives a request to the application, and its answer to the host.

import { describe, warn } from '../output.js';
import { Content } from '../web/content.js';
import { legible } from '../web/headers.js';
import { abort, incoming } from '../web/request.js';
import { Response } from '../web/response.js';
import { Reply } from './reply.js';

/** A server that takes it as part of a URL (RFC 3986 §3.2.2). */
const HOST = /^[\w.~!$&'()*+,;=%[\]:-]+$/;

/** An exception of a function that is not async ends the instance, as in each handler. A rejected promise answers 500, or cuts an answer that has begun. */
export function handle(app, id, { address, method, path, query, headers, body }) {
  const reply = new Reply(id, method === 'HEAD');
  const host = headers.find(([name]) => name === 'host')?.[1] ?? '';
  const url = `http://${HOST.test(host) && URL.canParse(`http://${host}`) ? host : 'localhost'}${path}${query === '' ? '' : `?${query}`}`;
  let request;
  try {
    request = incoming(url, { method, headers: legible(headers), content: body.length > 0 ? new Content({ bytes: body }) : null });
  } catch {
    // Such as TRACE, which the standard forbids.
    reply.answer(new Response('this method is not allowed\n', { status: 405 }));
    return;
  }
  reply.onGone(() => abort(request));
  const answer = app.onRequest(request, { address });
  Promise.resolve(answer)
    .then((response) => reply.answer(response))
    .catch((error) => {
      warn(`onRequest has failed, and ${reply.fail()}: ${describe(error)}`);
    });
}
