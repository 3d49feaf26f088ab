// The contract's interface `replies`, for a room of a test. Its clients are never slow.

import { bytes, refused } from './refused.js';

const LARGEST_BODY = 4 << 20;
const LARGEST_CHUNK = 1 << 20;

/** Headers that the host sets itself. */
const OF_THE_HOST = ['content-length', 'transfer-encoding', 'connection', 'date', 'keep-alive', 'te', 'trailer', 'upgrade'];

export const replies = (state) => {
  /** Changes a reply. A copy, so that a handler that fails leaves the one before. */
  function change(id, hasBegun, to) {
    const reply = state.replies.get(id);
    if (!reply || reply.isOver) throw refused('no-such-request', undefined);
    if (Boolean(reply.head) !== hasBegun) throw refused('wrong-order', undefined);
    state.replies.set(id, { ...reply, ...to(reply) });
  }

  function valid({ status, headers }) {
    if (!(status >= 200 && status <= 599)) throw refused('invalid', `the status ${status} is not allowed: it is 200 to 599`);
    const wrong = headers.find(([name, value]) => OF_THE_HOST.includes(name.toLowerCase()) || /[\0-\x08\x0a-\x1f\x7f]/.test(value));
    if (wrong || headers.length > 64) throw refused('invalid', `the header ${wrong?.[0] ?? 'number 65'} is not allowed`);
    return { status, headers };
  }

  function sized(data, most) {
    const its = bytes(data);
    if (its.length > most) throw refused('too-big', undefined);
    return its;
  }

  return {
    respond(id, head, body) {
      const pieces = [sized(body, LARGEST_BODY)];
      change(id, false, () => ({ head: valid(head), pieces, isOver: true }));
    },
    respondBegin: (id, head) => change(id, false, () => ({ head: valid(head) })),
    respondChunk(id, data) {
      const piece = sized(data, LARGEST_CHUNK);
      change(id, true, ({ pieces }) => ({ pieces: [...pieces, piece] }));
      return 'queued';
    },
    respondEnd: (id) => change(id, true, () => ({ isOver: true })),
    abort(id) {
      const reply = state.replies.get(id);
      if (!reply || reply.isOver) return;
      // The host answers in place of an answer that has not begun.
      const end = reply.head ? { isCut: true } : { head: { status: 500, headers: [] } };
      state.replies.set(id, { ...reply, ...end, isOver: true });
    },
    list: () => [...state.replies].filter(([, { isOver }]) => !isOver).map(([id, { head }]) => ({ id, hasBegun: Boolean(head) })),
  };
};
