// Answers that no code waits for: an instance before this one has asked.

import * as http from 'ws-host:server/http@0.2.0';

import { warn } from '../output.js';
import { Body } from '../web/body.js';
import { Content } from '../web/content.js';
import { Headers } from '../web/headers.js';
import { Arrival } from './arrival.js';
import { contextIn } from './context.js';
import { put } from './exchange.js';
import { failure } from './failure.js';
import { responseOf } from './fetch.js';

/** The bodies that `onOrphan` was given, by the id of their request. */
const arrivals = new Map();

/** The rest of a body whose head an instance before this one has had. */
class Rest extends Body {
  headers = new Headers();

  get [Symbol.toStringTag]() {
    return 'Rest';
  }
}

/** Gives an answer to the application's `onOrphan`, if it has one. */
export function orphaned(app, id, context, { tag, val }) {
  const asked = contextIn(context);
  if (tag === 'err') return told(app, asked, { error: failure(val) });
  if (!app.onOrphan) return forgotten(id, asked);
  const { status, headers, body } = val;
  const answer = body ? { status, headers, bytes: body } : { status, headers, arrival: arrivalOf(id) };
  return told(app, asked, { response: responseOf(answer, { method: asked.method, url: asked.url ?? '' }) });
}

/** The same for a part of a body. The first one tells the application of the rest. */
export function orphanedPart(app, id, context, part) {
  const known = arrivals.get(id);
  if (!known && !app.onOrphan) return forgotten(id, contextIn(context));
  const arrival = known ?? arrivalOf(id);
  if (!put(arrival, part)) arrivals.delete(id);
  if (known) return undefined;
  return told(app, contextIn(context), { rest: new Rest(new Content({ source: arrival })) });
}

function told(app, asked, { response, rest, error }) {
  if (app.onOrphan) return app.onOrphan({ ...asked, response, rest, error });
  return lost(asked);
}

function forgotten(id, asked) {
  http.cancel(id);
  return lost(asked);
}

function lost({ method = 'a', url = 'request' }) {
  warn(`no code waits for the answer to ${method} ${url} any more: an instance before this one has asked (onOrphan gets such answers)`);
}

function arrivalOf(id) {
  const arrival = new Arrival(() => {
    arrivals.delete(id);
    http.cancel(id);
  });
  arrivals.set(id, arrival);
  return arrival;
}
