// The module that an application imports: the room and its clients.

import * as clients from 'ws-host:server/clients@0.2.0';
import * as control from 'ws-host:server/control@0.2.0';
import * as topics from 'ws-host:server/topics@0.2.0';

import { Client } from './client.js';
import { store } from './store.js';
import { ids, message, microseconds, outcome, pack, reason, refuse } from './values.js';

export { rooms } from './rooms.js';

/** The objects of the clients by id. A client keeps its object as long as the instance runs. */
const known = new Map();

/** Returns the object of a client. */
export function clientOf(id, details) {
  let client = known.get(id);
  if (!client) {
    client = new Client(id, details);
    known.set(id, client);
  }
  return client;
}

/** Forgets a client that has left. */
export function forget(id) {
  known.delete(id);
}

/** The room that the handlers serve. */
export const room = Object.freeze({
  store,

  get clients() {
    return Array.from(clients.list(), (id) => clientOf(id));
  },

  clientsOfUser(user) {
    return Array.from(clients.ofUser(user), (id) => clientOf(id));
  },

  get count() {
    return clients.count();
  },

  client(id) {
    const details = clients.get(id);
    return details ? clientOf(id, details) : undefined;
  },

  broadcast(data, without) {
    return outcome(() => clients.broadcast(message(data), ids(without)));
  },

  publish(topic, data, without) {
    return outcome(() => topics.publish(topic, message(data), ids(without)));
  },

  subscribers(topic) {
    return Array.from(topics.subscribers(topic), (id) => clientOf(id));
  },

  setTimer(milliseconds, payload = null, { repeat = false, durable = false } = {}) {
    try {
      return control.setTimer(microseconds(milliseconds), { repeat, durable }, pack(payload));
    } catch (error) {
      refuse(reason(error), {
        limit: 'a room has at most 10,000 timers, with 16 MiB of payloads',
        invalid: 'the payload of a timer has at most 64 KiB of JSON, and a repeating timer a delay above 0',
        'not-durable': 'this room cannot keep a durable timer',
        unavailable: 'the host cannot write to its store at present',
      });
      throw error;
    }
  },

  clearTimer(id) {
    control.cancelTimer(id);
  },

  denyNewClients() {
    control.denyNewClients();
  },

  allowNewClients() {
    control.allowNewClients();
  },
});
