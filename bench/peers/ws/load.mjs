// `node load.mjs URL PID CONNECTIONS SIZE SECONDS`: a second load generator, of another project and language, to check the first against.
// Each connection sends a text and waits for its echo. Prints messages per second, and the CPU time per message of the process PID, as JSON.
import { readFileSync } from "node:fs";
import { WebSocket } from "ws";

const [url, pid, connections, size, seconds] = process.argv.slice(2).map((word, at) => (at ? Number(word) : word));
const text = "x".repeat(size);
let messages = 0;

const open = () =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.on("error", reject);
    socket.on("open", () => resolve(socket));
    socket.on("message", () => {
      messages += 1;
      socket.send(text);
    });
  });

// Fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms; the name before them may hold blanks.
const microseconds = () => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop().split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
};

const sockets = [];
for (let at = 0; at < connections; at += 1) sockets.push(await open());
for (const socket of sockets) socket.send(text);

const after = (time, what) => setTimeout(what, time * 1000);
after(1, () => {
  const [count, spent, own, begun] = [messages, microseconds(), process.cpuUsage(), performance.now()];
  after(seconds, () => {
    const came = messages - count;
    const { user, system } = process.cpuUsage(own);
    const per_second = came / ((performance.now() - begun) / 1000);
    console.log(JSON.stringify({ per_second, server_us: (microseconds() - spent) / came, own_us: (user + system) / came }));
    process.exit();
  });
});
