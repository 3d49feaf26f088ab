// Asks the server that `UPSTREAM` names at each message, and sends the answer back.

/** @type {import('ws-host-guest').App} */
export default {
  async onMessage(client) {
    const response = await fetch(process.env.UPSTREAM);
    client.send(await response.text());
  },
};
