// The context that the host keeps with a request, for an instance that has not asked itself.

import { decode } from 'ws-host:engine';

/** Returns the context of a request. The application's own part is a value for JSON. */
export function contextOf({ method, url }, context) {
  return JSON.stringify({ method, url, context });
}

/** Returns the parts of a context. One that another guest has made is given as its bytes. */
export function contextIn(bytes) {
  try {
    const { method, url, context } = JSON.parse(decode(bytes, true));
    if (typeof method === 'string' && typeof url === 'string') return { method, url, context };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  return { method: undefined, url: undefined, context: bytes };
}
