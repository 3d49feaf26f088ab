// A chat. Everybody receives all joins, leaves and messages.

import { room, type App } from 'ws-host-guest';

const chat: App = {
  onConnect(client) {
    room.broadcast(`* guest-${client.id} has joined`);
  },

  onMessage(client, message) {
    if (typeof message === 'string') room.broadcast(`guest-${client.id}: ${message}`);
    else room.broadcast(message, client);
  },

  onClose(client) {
    room.broadcast(`* guest-${client.id} has left`);
  },
};

export default chat;
