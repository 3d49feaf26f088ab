// A wall: each text is kept, and a newcomer gets the last fifty and the number of all.

import { room } from 'ws-host-guest';

const SHOWN = 50;

/** The key of a text. With leading zeros, the keys are in the order of the texts. */
const key = (number) => `text/${String(number).padStart(16, '0')}`;

const count = () => room.store.get('count') ?? 0;

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
      // The two writes count together, or neither does.
      room.store.set(key(number), `${number}: ${message}`);
      room.store.set('count', number);
    } catch (error) {
      client.send(`* The wall does not take this text: ${error.message}`);
      return;
    }
    room.broadcast(`${number}: ${message}`);
  },
};
