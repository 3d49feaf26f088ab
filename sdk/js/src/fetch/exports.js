// The component's export `responses`: answers to requests of this instance, and of those before it.

import { answered, continued } from './exchange.js';
import { orphaned, orphanedPart } from './orphans.js';

/** Returns the export. `handled` runs a handler as an event of its own. */
export function responses({ handled }) {
  return {
    onResponse(id, context, outcome) {
      return handled('onOrphan', (app) => (answered(id, outcome) ? undefined : orphaned(app, id, context, outcome)));
    },
    onBody(id, context, part) {
      return handled('onOrphan', (app) => (continued(id, part) ? undefined : orphanedPart(app, id, context, part)));
    },
  };
}
