// Runs the cases of the web's globals, and a timer that the module sets while it loads.

import { results } from './web-cases.js';

let ticks = 0;
let awaited = () => {};
setInterval(() => {
  ticks += 1;
  awaited();
}, 5);

export default {
  async onMessage(client, message) {
    if (message === 'ticks') await new Promise((done) => (awaited = done));
    client.send(message === 'ticks' ? `${ticks > 0}` : (await results()).join('\n'));
  },
};
