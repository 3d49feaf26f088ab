// A client of `ws` with methods in the words of the tests.

import { once } from "node:events";
import WebSocket from "ws";
import { PATIENCE } from "./host.mjs";

// A connected client, cut when the test `t` ends. Its messages wait until the test reads them.
export async function connect(t, host, ...options) {
  const client = new Client(new WebSocket(host.url, ...options));
  t.after(() => client.socket.terminate());
  await soon(once(client.socket, "open"));
  return client;
}

export class Client {
  #messages = [];
  #arrived = () => {};

  constructor(socket) {
    this.socket = socket;
    // Text as a string, binary as a Buffer.
    socket.on("message", (data, isBinary) => {
      this.#messages.push(isBinary ? data : data.toString());
      this.#arrived();
    });
    this.closed = once(socket, "close").then(([code, reason]) => ({ code, reason: reason.toString() }));
  }

  send(message, options) {
    this.socket.send(message, options);
  }

  // The next message.
  async recv() {
    while (this.#messages.length === 0) {
      await soon(new Promise((resolve) => (this.#arrived = resolve)));
    }
    return this.#messages.shift();
  }

  // The next text that contains `words`. Others are skipped.
  async hears(words) {
    for (;;) {
      const message = await this.recv();
      if (typeof message === "string" && message.includes(words)) return message;
    }
  }

  // The code of the close frame that ended the connection.
  async closeCode() {
    return (await soon(this.closed)).code;
  }
}

// The result, or an error after the timeout.
export async function soon(promise) {
  const patience = AbortSignal.timeout(PATIENCE);
  const refused = once(patience, "abort").then(() => {
    throw new Error("it did not come in time");
  });
  return Promise.race([promise, refused]);
}
