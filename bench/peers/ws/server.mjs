// `node server.mjs PORT [--compression] [--tls CERTIFICATE KEY]`: echo at /echo, and at /fetch an answer of the server that UPSTREAM names. At any other path, each message goes to all clients of that path.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { WebSocketServer } from "ws";

const [port, ...flags] = process.argv.slice(2);
const perMessageDeflate = flags.includes("--compression") ? { threshold: 128 } : false;
const where = { host: "127.0.0.1", port: Number(port), backlog: 1024 };
const at = flags.indexOf("--tls");
const secure = at < 0 ? undefined : createServer({ cert: readFileSync(flags[at + 1]), key: readFileSync(flags[at + 2]) });
const server = new WebSocketServer(secure ? { server: secure, perMessageDeflate } : { ...where, perMessageDeflate });
secure?.listen(where);
const rooms = new Map();

server.on("connection", (socket, request) => {
  socket.on("error", () => {});
  if (request.url === "/echo") {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
    return;
  }
  if (request.url === "/fetch") {
    socket.on("message", async () => socket.send(await (await fetch(process.env.UPSTREAM)).text()));
    return;
  }
  const room = rooms.get(request.url) ?? new Set();
  rooms.set(request.url, room.add(socket));
  socket.on("close", () => room.delete(socket));
  socket.on("message", (data, binary) => {
    for (const member of room) member.send(data, { binary });
  });
});
