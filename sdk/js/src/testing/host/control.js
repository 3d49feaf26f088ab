// The contract's interface `control`, for a room of a test.

import { bytes, refused } from './refused.js';

const MOST_TIMERS = 10_000;
const LARGEST_PAYLOAD = 64 << 10;
const LARGEST_PAYLOADS = 16 << 20;

export const control = (state) => ({
  denyNewClients() {
    state.isDenying = true;
  },

  allowNewClients() {
    state.isDenying = false;
  },

  setTimer(delay, { repeat }, data) {
    const payload = bytes(data);
    if (payload.length > LARGEST_PAYLOAD || (repeat && delay === 0)) throw refused('invalid');
    const held = [...state.timers.values()].reduce((sum, timer) => sum + timer.payload.length, payload.length);
    if (state.timers.size >= MOST_TIMERS || held > LARGEST_PAYLOADS) throw refused('limit');
    state.lastTimer += 1;
    state.timers.set(state.lastTimer, { due: state.now + delay, every: repeat ? delay : undefined, payload });
    return state.lastTimer;
  },

  cancelTimer(id) {
    state.timers.delete(id);
  },
});
