// The contract's interface `store`, for a room of a test. Its stores are never full.

import { bytes, refused, sizeOf } from './refused.js';

const LONGEST_KEY = 512;
const LARGEST_VALUE = 128 << 10;
const MOST_WRITTEN = 768 << 10;
const MOST_LISTED = 1000;
const LARGEST_LIST = 1 << 20;

export const store = (state) => {
  function write(key, value) {
    if (sizeOf(key) > LONGEST_KEY) throw refused('key-too-long');
    if (value?.length > LARGEST_VALUE) throw refused('value-too-big');
    const size = sizeOf(key) + (value?.length ?? 0);
    if (state.written + size > MOST_WRITTEN) throw refused('limit');
    if (value === undefined && !state.store.has(key)) return;
    state.written += size;
    if (value === undefined) state.store.delete(key);
    else state.store.set(key, value);
  }

  return {
    get: (key) => state.store.get(key)?.slice() ?? null,
    set: (key, value) => write(key, bytes(value)),
    delete: (key) => write(key, undefined),
    clear: () => state.store.clear(),

    list(prefix, after, limit) {
      const isMeant = (key) => key.startsWith(prefix) && (after === undefined || after === null || isBefore(after, key));
      const found = [...state.store].filter(([key]) => isMeant(key)).sort(([one], [other]) => (isBefore(one, other) ? -1 : 1));
      let size = 0;
      const end = found.slice(0, Math.min(limit, MOST_LISTED)).findIndex(([key, value], index) => {
        size += sizeOf(key) + value.length;
        return index > 0 && size > LARGEST_LIST;
      });
      return found.slice(0, end < 0 ? Math.min(limit, MOST_LISTED) : end).map(([key, value]) => [key, value.slice()]);
    },

    usage() {
      const sizes = Array.from(state.store, ([key, value]) => sizeOf(key) + value.length);
      return { keys: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
    },
  };
};

/** Whether a key comes before another in the order of their bytes, which is not the order of JavaScript's strings. */
function isBefore(one, other) {
  return Buffer.compare(Buffer.from(one), Buffer.from(other)) < 0;
}
