// The component's export `requests`: plain HTTP requests of clients.

import { drained, gone } from './reply.js';
import { handle } from './handle.js';

/** Returns the export. `handled` runs a handler as an event of its own. */
export function requests({ handled }) {
  return {
    onRequest: (id, request) => handled('onRequest', (app) => handle(app, id, request)),
    onRequestDrained: (id) => handled('onRequest', () => drained(id)),
    onRequestGone: (id) => handled('onRequest', () => gone(id)),
  };
}
