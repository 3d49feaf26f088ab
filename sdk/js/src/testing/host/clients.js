// The contract's interface `clients`, for a room of a test.

import { bytes, refused, sizeOf } from './refused.js';

const LONGEST_REASON = 123;
export const LARGEST_ATTACHMENT = 16 << 10;

/** Whether an endpoint may send a close code (RFC 6455 §7.4). */
export function maySend(code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/** Returns the name of the contract's error for a close code and a reason, or undefined. */
export function closeError(code, reason) {
  if (!maySend(code)) return 'invalid-code';
  return sizeOf(reason) > LONGEST_REASON ? 'reason-too-long' : undefined;
}

export const clients = (state) => ({
  send(to, message) {
    if (!state.members.has(to)) throw refused('no-such-client');
    if (state.closed.has(to)) throw refused('closing');
    state.give([to], message);
    return 'queued';
  },

  broadcast(message, except) {
    state.give(state.members.keys(), message, except);
  },

  close(id, code, reason) {
    const error = closeError(code, reason) ?? (state.members.has(id) ? undefined : 'no-such-client');
    if (error) throw refused(error);
    if (!state.closed.has(id)) state.closed.set(id, { code, reason });
  },

  get: (id) => state.known(id) ?? null,
  list: () => [...state.members.keys()],
  ofUser: (user) => [...state.members.values()].filter((client) => client.user === user).map((client) => client.id),
  count: () => state.members.size,
  isOnline: (id) => state.isOpen(id) && !state.away.has(id),
  bufferedAmount: (id) => (state.members.has(id) ? 0 : null),
  attachment: (id) => (state.known(id) ? (state.attachments.get(id)?.slice() ?? null) : null),

  setAttachment(id, data) {
    const kept = bytes(data);
    if (kept.length > LARGEST_ATTACHMENT) throw refused('too-big');
    if (!state.members.has(id)) throw refused('no-such-client');
    if (kept.length > 0) state.attachments.set(id, kept);
    else state.attachments.delete(id);
  },
});
