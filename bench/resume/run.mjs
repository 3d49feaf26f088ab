// Numbered messages both ways over a proxy that breaks lines, with ws-host and with Socket.IO: `cargo xtask bench --resume`.

import { Proxy } from './proxy.mjs';
import { socketIo, wsHost } from './systems.mjs';
import { Tally } from './tally.mjs';

const CLIENTS = 20;
const wait = (milliseconds) => new Promise((over) => setTimeout(over, milliseconds));

/** Each breaks all lines several times, with `every` milliseconds between two, and lets both sides come to rest for `rest`. */
const FAULTS = [
  { name: 'lines are cut', times: 8, every: 3000, rest: 8000, strike: (proxy) => proxy.cut() },
  { name: 'lines are cut, and nobody gets through for 4 s', times: 4, every: 9000, rest: 12_000, strike: (proxy) => proxy.cutFor(4000) },
  { name: 'lines stall for 1 s, and are cut', times: 6, every: 4000, rest: 8000, strike: (proxy) => proxy.stall(1000) },
  { name: 'the client learns of the cut, the server does not', times: 6, every: 4000, rest: 8000, strike: (proxy) => proxy.swallow() },
  { name: 'nothing passes any more, and nobody learns of it', times: 1, every: 60_000, rest: 10_000, strike: (proxy) => proxy.mute() },
];
const SYSTEMS = [wsHost(true), wsHost(false), socketIo(0), socketIo(10)];

async function run(system, fault) {
  const { port, stop } = await system.start();
  const proxy = await Proxy.before(port);
  const clients = await Promise.all(Array.from({ length: CLIENTS }, async (_, index) => {
    const side = { tally: new Tally(), first: 0, last: 0, sent: 0 };
    side.client = await system.connect(proxy.port, `client-${index}`, (number) => {
      side.first ||= number;
      side.last = Math.max(side.last, number);
      side.tally.note(number);
    });
    return side;
  }));
  const talk = setInterval(() => clients.forEach((side) => side.client.send(++side.sent)), 100);
  for (let time = 0; time < fault.times; time++) {
    await wait(fault.every * (0.5 + Math.random() / 10));
    fault.strike(proxy);
    await wait(fault.every / 2);
  }
  clearInterval(talk);
  await wait(fault.rest);
  const sum = { down: [0, 0, 0], up: [0, 0, 0], messages: [0, 0], fresh: 0, dead: 0 };
  const accounts = await Promise.all(clients.map(({ client, sent }) => Promise.race([client.account(sent), wait(30_000)])));
  for (const [index, { client, tally, sent, first, last }] of clients.entries()) {
    const account = accounts[index];
    if (!account) {
      // It has not noticed that its line is dead.
      sum.dead++;
      continue;
    }
    const counted = tally.account(last - first + 1);
    for (const [way, { lost, doubled, disordered }] of [['down', counted], ['up', account]]) {
      [lost, doubled, disordered].forEach((count, index) => (sum[way][index] += count));
    }
    sum.messages[0] += last - first + 1;
    sum.messages[1] += sent;
    sum.fresh += client.fresh;
    client.close();
  }
  proxy.close();
  stop();
  return sum;
}

const isWanted = ({ name }, part) => !part || name.includes(part);
const wanted = SYSTEMS.filter((system) => isWanted(system, process.env.ONLY));
console.log('| fault | system | to clients: lost, doubled, out of order | of | to the server: lost, doubled, out of order | of | state lost |');
console.log(`|${' --- |'.repeat(7)}`);
for (const fault of FAULTS.filter((fault) => isWanted(fault, process.env.FAULT))) {
  for (const system of wanted) {
    const { down, up, messages, fresh, dead } = await run(system, fault);
    const often = fault.times === 1 ? 'once' : `${fault.times} times`;
    const name = system === wanted[0] ? `${fault.name}, ${often}` : '';
    const figures = dead > 0
      ? `${dead} clients do not notice | | | | `
      : `${down.join(', ')} | ${messages[0]} | ${up.join(', ')} | ${messages[1]} | ${fresh}`;
    console.log(`| ${name} | ${system.name} | ${figures} |`);
  }
}
process.exit(0);
