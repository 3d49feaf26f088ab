// Sends every message back to its sender.

/** @type {import('ws-host-guest').App} */
export default {
  onMessage(client, message) {
    client.send(message);
  },
};
