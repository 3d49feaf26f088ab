// Runs the cases of the web's globals, and a timer that the module sets while it loads.

import { results, standard } from './web-cases.js';

let ticks = 0;
let awaited = () => {};
setInterval(() => {
  ticks += 1;
  awaited();
}, 5);

const ANSWERS = {
  async ticks() {
    await new Promise((done) => (awaited = done));
    return `${ticks > 0}`;
  },
  all: async () => (await results()).join('\n'),
  standard: async () => JSON.stringify((await standard()).filter(([given, right]) => given !== right)),
};

export default {
  async onMessage(client, message) {
    client.send(await ANSWERS[message]());
  },
};
