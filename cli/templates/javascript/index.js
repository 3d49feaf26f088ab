// @ts-check
// A chat. Everybody receives all joins, leaves and messages.

import { room } from 'ws-host-guest';

/** @type {import('ws-host-guest').App} */
export default {
  onConnect(client) {
    say(`* guest-${client.id} has joined`);
  },

  onMessage(client, message) {
    if (typeof message === 'string') say(`guest-${client.id}: ${message}`);
    else say(message, client);
  },

  onClose(client) {
    say(`* guest-${client.id} has left`);
  },
};

// Sends a message to everybody. With the name before it, it can be longer than the host allows: the log says so.
/** @param {Parameters<typeof room.broadcast>} what */
function say(...what) {
  const sent = room.broadcast(...what);
  if (sent !== 'queued') console.error(`not sent: ${sent}`);
}
