// `node server.mjs PORT [REDIS]`: the event `echo` goes back to its sender, and `all` to all clients. REDIS is the port of a Redis on this machine that connects several processes.
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";
import { Server } from "socket.io";

const [port, redis] = process.argv.slice(2).map(Number);
const http = createServer();
const server = new Server(http, { transports: ["websocket"], pingInterval: 3_600_000, perMessageDeflate: false });
if (redis) {
  const client = new Redis(redis, "127.0.0.1");
  server.adapter(createAdapter(client, client.duplicate()));
}

server.on("connection", (socket) => {
  socket.on("echo", (text) => socket.emit("echo", text));
  socket.on("all", (text) => server.emit("all", text));
});

http.listen({ host: "127.0.0.1", port, backlog: 1024 });
