// `node server.mjs PORT [--compression]`: echo at /echo; at every other path, each message goes to all who came by it.
import { WebSocketServer } from "ws";

const [port, ...flags] = process.argv.slice(2);
const perMessageDeflate = flags.includes("--compression") ? { threshold: 128 } : false;
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port), perMessageDeflate, backlog: 1024 });
const rooms = new Map();

server.on("connection", (socket, request) => {
  socket.on("error", () => {});
  if (request.url === "/echo") {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
    return;
  }
  const room = rooms.get(request.url) ?? new Set();
  rooms.set(request.url, room.add(socket));
  socket.on("close", () => room.delete(socket));
  socket.on("message", (data, binary) => {
    for (const member of room) member.send(data, { binary });
  });
});
