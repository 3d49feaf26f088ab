// The component's export `requests`: plain HTTP requests of clients.

import { atBegin } from '../phase.js';
import { handle } from './handle.js';
import { abandonOthers, comes, drained, gone } from './reply.js';

/** Returns the export. `handled` runs a handler as an event of its own. */
export function requests({ handled }) {
  atBegin(abandonOthers);
  return {
    onRequest(id, request) {
      comes(id);
      return handled('onRequest', (app) => handle(app, id, request));
    },
    onRequestDrained: (id) => handled('onRequest', () => drained(id)),
    onRequestGone: (id) => handled('onRequest', () => gone(id)),
  };
}
