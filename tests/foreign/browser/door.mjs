// A way to the host that can be cut.

import { once } from "node:events";
import { connect, createServer } from "node:net";

// A door in front of a host, until the test `t` ends. While it is shut, each connection through it ends.
export async function openDoor(t, host) {
  const inside = new Set();
  let isOpen = true;
  const { port } = new URL(host.page);
  const door = createServer((outer) => {
    if (!isOpen) return outer.destroy();
    const inner = connect(port, "localhost");
    for (const [one, other] of [[outer, inner], [inner, outer]]) {
      inside.add(one);
      one.pipe(other);
      one.on("error", () => {});
      one.on("close", () => inside.delete(one) && other.destroy());
    }
  });
  door.listen(0, "127.0.0.1");
  await once(door, "listening");
  const shut = () => {
    isOpen = false;
    inside.forEach((socket) => socket.destroy());
  };
  t.after(() => {
    shut();
    door.close();
  });
  return { page: `http://127.0.0.1:${door.address().port}/`, shut, open: () => (isOpen = true) };
}
