// This room's name, and messages to other rooms.

import * as host from 'ws-host:server/rooms@0.2.0';

import { message, outcome, refuse } from './values.js';

export const rooms = Object.freeze({
  get name() {
    return host.name();
  },

  send(room, data, { create = false } = {}) {
    if (typeof room !== 'string') throw new TypeError(`the name of a room is a string, not ${typeof room}`);
    const sent = outcome(() => host.send(room, message(data), { create: Boolean(create) }));
    refuse(sent, { 'invalid-name': `no room can have the name ${JSON.stringify(room)}` });
    return sent;
  },
});
