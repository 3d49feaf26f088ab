// The life of the host and of idle connections, tested by a client of Node's `ws`.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { connect, soon } from "./client.mjs";
import { startHost } from "./host.mjs";

describe("shutdown", () => {
  test("SIGTERM closes every client with 1001, and the host exits with 0", async (t) => {
    const host = await startHost(t, "echo");
    const clients = [await connect(t, host), await connect(t, host), await connect(t, host)];
    host.terminate();
    for (const client of clients) assert.equal(await client.closeCode(), 1001);
    assert.equal(await soon(host.exitCode), 0);
  });
});

describe("pings", () => {
  test("a client's ping is answered with its payload", async (t) => {
    const client = await connect(t, await startHost(t, "echo"));
    client.socket.ping("are you there?");
    const [payload] = await soon(once(client.socket, "pong"));
    assert.equal(payload.toString(), "are you there?");
  });
});

describe("the page", () => {
  test("it is served at the root, and nothing else is", async (t) => {
    const host = await startHost(t, "echo");
    const page = await fetch(host.page);
    assert.equal(page.status, 200);
    assert.match(page.headers.get("content-type"), /text\/html/);
    assert.match(await page.text(), /<html/);
    assert.equal((await fetch(`${host.page}other`)).status, 404);
  });
});
