// The echo component, tested by a client of Node's `ws`.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import WebSocket from "ws";
import { connect, soon } from "./client.mjs";
import { startHost } from "./host.mjs";

// A client of a fresh host that runs the echo component.
const echo = async (t, ...options) => connect(t, await startHost(t, "echo"), ...options);

describe("messages", () => {
  test("a text comes back as a text", async (t) => {
    const client = await echo(t);
    client.send("grüße, 世界 🌍");
    assert.equal(await client.recv(), "grüße, 世界 🌍");
  });

  test("bytes come back as bytes", async (t) => {
    const client = await echo(t);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    client.send(bytes);
    assert.deepEqual(await client.recv(), bytes);
  });

  test("an empty message comes back empty", async (t) => {
    const client = await echo(t);
    client.send("");
    assert.equal(await client.recv(), "");
    client.send(Buffer.alloc(0));
    assert.deepEqual(await client.recv(), Buffer.alloc(0));
  });

  test("a message of each length of length field comes back", async (t) => {
    const client = await echo(t);
    for (const size of [125, 126, 65_535, 65_536, 1_000_000]) {
      client.send("x".repeat(size));
      assert.equal(await client.recv(), "x".repeat(size));
    }
  });

  test("a message sent in fragments comes back whole, with a ping between them answered", async (t) => {
    const client = await echo(t, { perMessageDeflate: false });
    const pong = once(client.socket, "pong");
    client.send("one ", { fin: false });
    client.socket.ping("between");
    client.send("mess", { fin: false });
    client.send("age", { fin: true });
    assert.equal((await soon(pong))[0].toString(), "between");
    assert.equal(await client.recv(), "one message");
  });

  test("messages come back in their order", async (t) => {
    const client = await echo(t);
    const messages = Array.from({ length: 500 }, (_, index) => `message ${index}`);
    messages.forEach((message) => client.send(message));
    for (const message of messages) assert.equal(await client.recv(), message);
  });
});

describe("handshakes", () => {
  test("without an offer no subprotocol is agreed on", async (t) => {
    assert.equal((await echo(t)).socket.protocol, "");
  });

  test("a page of another site is refused with 403", async (t) => {
    const host = await startHost(t, "echo");
    const client = new WebSocket(host.url, { origin: "https://elsewhere.example" });
    const [request, response] = await soon(once(client, "unexpected-response"));
    assert.equal(response.statusCode, 403);
    request.destroy();
  });
});

describe("closing", () => {
  test("a client's close code is echoed", async (t) => {
    const host = await startHost(t, "echo");
    for (const code of [1000, 3000, 4999]) {
      const client = await connect(t, host);
      client.socket.close(code, "bye");
      assert.equal(await client.closeCode(), code);
    }
  });

  test("a close frame without a code is answered by one without a code", async (t) => {
    const client = await echo(t);
    client.socket.close();
    assert.equal(await client.closeCode(), 1005);
  });

  test("text that is not UTF-8 is closed with 1007", async (t) => {
    const client = await echo(t);
    client.send(Buffer.from([0x63, 0xff]), { binary: false });
    assert.equal(await client.closeCode(), 1007);
  });

  test("a message over a mebibyte is closed with 1009", async (t) => {
    const client = await echo(t, { perMessageDeflate: false });
    client.socket.on("error", () => {}); // the host may cut it while it still writes
    client.send(Buffer.alloc(1024 * 1024 + 1));
    assert.equal(await client.closeCode(), 1009);
  });
});
