// Sends a numbered message to each client ten times a second, and keeps account of the numbered messages of each.

import { room } from 'ws-host-guest';
import { Tally } from './tally.mjs';

const senders = new Map();
let sent = 0;

export default {
  onStart() {
    room.setTimer(100, 'send', { repeat: true });
  },

  onTimer() {
    room.broadcast(`down ${++sent}`);
  },

  onMessage(client, message) {
    const [word, name, number] = message.split(' ');
    if (!senders.has(name)) senders.set(name, new Tally());
    const tally = senders.get(name);
    if (word === 'up') return tally.note(Number(number));
    client.send(`account ${JSON.stringify(tally.account(Number(number)))}`);
  },
};
