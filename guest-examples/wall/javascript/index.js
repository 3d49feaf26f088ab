// A wall: each text is kept, and a newcomer gets the last fifty and the number of all.

import { room } from 'ws-host-guest';

const SHOWN = 50;

/** The key of a text. With leading zeros, the keys are in the order of the texts. */
const key = (number) => `text/${String(number).padStart(16, '0')}`;

const count = () => room.store.get('count') ?? 0;

/** Keeps a text. The two writes count together, or neither does if the handler fails. */
function keep(number, text) {
  room.store.set(key(number), `${number}: ${text}`);
  try {
    room.store.set('count', number);
  } catch (error) {
    room.store.delete(key(number)); // A refused write leaves the one before it.
    throw error;
  }
}

export default {
  onConnect(client) {
    const all = count();
    client.send(`* ${all} texts are on the wall`);
    for (const [, text] of room.store.list({ prefix: 'text/', after: key(Math.max(all - SHOWN, 0)) })) client.send(text);
  },

  onMessage(client, message) {
    if (typeof message !== 'string') return;
    const number = count() + 1;
    try {
      keep(number, message);
    } catch (error) {
      client.send(`* The wall does not take this text: ${error.message}`);
      return;
    }
    room.broadcast(`${number}: ${message}`);
  },
};
