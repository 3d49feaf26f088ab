// The unmodified server of graphql-ws, with resolvers that wait and a subscription that counts.

import { buildSchema } from 'graphql';
import { handleProtocols, makeServer } from 'graphql-ws';

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

const schema = buildSchema(`
  type Query { greeting(name: String!): String! broken: String }
  type Subscription { countdown(from: Int!): Int! }
`);

const roots = {
  query: {
    async greeting({ name }) {
      await sleep(1);
      return `Hello, ${name}`;
    },
    async broken() {
      await null;
      throw new Error('told to fail');
    },
  },
  subscription: {
    async *countdown({ from }) {
      for (let number = from; number >= 0; number -= 1) {
        await sleep(1);
        yield { countdown: number };
      }
    },
  },
};

const server = makeServer({ schema, roots, connectionInitWaitTimeout: 1000 });

/** The server's callbacks by client. */
const sockets = new Map();

export default {
  onUpgrade({ subprotocols }) {
    const subprotocol = handleProtocols(subprotocols);
    return subprotocol ? { accept: subprotocol } : { refuse: 400 };
  },

  onConnect(client) {
    const socket = {};
    sockets.set(client.id, socket);
    socket.closed = server.opened(
      {
        protocol: client.subprotocol,
        send: (data) => void client.send(data),
        close: (code, reason) => client.close(code, reason),
        onMessage: (callback) => (socket.message = callback),
      },
      { client },
    );
  },

  onMessage(client, message) {
    return sockets.get(client.id).message(message);
  },

  async onClose(client, { code, reason }) {
    const socket = sockets.get(client.id);
    sockets.delete(client.id);
    await socket?.closed(code, reason);
  },
};
