// The contract's interface `rooms`, for a room of a test.

import { refused, sizeOf } from './refused.js';

const LARGEST_MESSAGE = 1 << 20;
const MOST_WAITING = 1024;
const LONGEST_NAME = 512;

export const rooms = (state) => ({
  name: () => state.name,

  send(room, { tag, val }, { create }) {
    if (room === '' || sizeOf(room) > LONGEST_NAME) throw refused('invalid-name');
    if ((tag === 'text' ? sizeOf(val) : val.length) > LARGEST_MESSAGE) throw refused('too-big');
    if (!state.hasRoom(room) && !create) throw refused('no-such-room');
    const waiting = state.sent.get(room) ?? [];
    if (waiting.length >= MOST_WAITING) throw refused('full');
    state.rooms?.add(room);
    state.sent.set(room, [...waiting, tag === 'text' ? val.toWellFormed() : val.slice()]);
  },
});
