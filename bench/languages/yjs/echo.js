// Inserts every message into a shared document, and sends it back to its sender.

import * as Y from 'yjs';

const text = new Y.Doc().getText('text');

/** @type {import('ws-host-guest').App} */
export default {
  onMessage(client, message) {
    text.insert(text.length, String(message));
    client.send(message);
  },
};
