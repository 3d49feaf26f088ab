// The errors of `fetch`: a TypeError whose `cause` tells what has failed.

/** Explanations of the causes for which the host gives no text. */
const HINTS = {
  limit: 'one handler has asked for as much as it may',
  'room-full': 'the room has as many requests at a time as it may have (--fetch-room)',
  'total-full': 'all rooms together have as many requests at a time as they may have (--fetch-total)',
};

/** Returns the error for a request that the host has not accepted, or rethrows what is something else. */
export function refused(error) {
  const { tag, val } = error?.payload ?? {};
  if (typeof tag !== 'string') throw error;
  const words = val ?? HINTS[tag] ?? tag;
  return failed(tag, tag === 'denied' ? `${words} (--allow-http)` : words);
}

/** Returns the error for a failure that the host tells. */
export function failure({ cause, detail }) {
  return failed(cause, cause === 'denied' ? `${detail} (--allow-http-private)` : detail);
}

export function failed(code, words) {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(words), { code }) });
}
