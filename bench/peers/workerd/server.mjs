// A Worker that echoes at /echo itself. Any other path goes to a Durable Object of that name, which sends each message to all of its clients.
// It uses plain `accept` without hibernation, the cheapest way in workerd.
export default {
  fetch(request, env) {
    if (request.headers.get("Upgrade") !== "websocket") return new Response("a WebSocket server", { status: 426 });
    const { pathname } = new URL(request.url);
    if (pathname !== "/echo") return env.rooms.get(env.rooms.idFromName(pathname)).fetch(request);
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    server.addEventListener("message", (event) => server.send(event.data));
    server.addEventListener("close", (event) => server.close(event.code));
    return new Response(null, { status: 101, webSocket: client });
  },
};

export class Room {
  members = new Set();

  fetch() {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    this.members.add(server);
    const leave = () => this.members.delete(server);
    server.addEventListener("close", (event) => {
      leave();
      server.close(event.code);
    });
    server.addEventListener("error", leave);
    server.addEventListener("message", (event) => {
      for (const member of this.members) member.send(event.data);
    });
    return new Response(null, { status: 101, webSocket: client });
  }
}
