// `bun server.mjs PORT [--compression] [--tls CERTIFICATE KEY]`: echo at /echo; at /fetch an answer of the server that UPSTREAM names. At any other path, each message goes to all clients of that path.
const [port, ...flags] = process.argv.slice(2);
const at = flags.indexOf("--tls");
const tls = at < 0 ? undefined : { cert: Bun.file(flags[at + 1]), key: Bun.file(flags[at + 2]) };

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  tls,
  fetch(request, server) {
    const path = new URL(request.url).pathname;
    if (server.upgrade(request, { data: { path } })) return undefined;
    return new Response("a WebSocket server", { status: 426 });
  },
  websocket: {
    perMessageDeflate: flags.includes("--compression"),
    // As in the host, a client with more than 1 MiB of waiting messages is closed.
    backpressureLimit: 1 << 20,
    closeOnBackpressureLimit: true,
    idleTimeout: 600,
    publishToSelf: true,
    open(socket) {
      if (socket.data.path !== "/echo") socket.subscribe(socket.data.path);
    },
    message(socket, message) {
      if (socket.data.path === "/fetch") return ask(socket);
      if (socket.data.path === "/echo") socket.send(message, flags.includes("--compression"));
      else socket.publish(socket.data.path, message, flags.includes("--compression"));
    },
  },
});

async function ask(socket) {
  socket.send(await (await fetch(process.env.UPSTREAM)).text());
}
