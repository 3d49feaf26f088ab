// The chat component, tested by clients of Node's `ws`.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect } from "./client.mjs";
import { startHost } from "./host.mjs";

const MANY = 100;

// `count` clients of a fresh host that runs the chat component, in the order of joining.
async function chat(t, count) {
  const host = await startHost(t, "chat");
  const clients = [];
  for (let index = 0; index < count; index++) {
    const client = await connect(t, host);
    // The answer to the upgrade can arrive before the room has the client, and with it a message of another client be earlier.
    await client.hears("You are");
    clients.push(client);
  }
  return clients;
}

describe("chat", () => {
  test("a message reaches the others", async (t) => {
    const [ann, ben, cem] = await chat(t, 3);
    ann.send("good morning");
    await ben.hears("good morning");
    await cem.hears("good morning");
  });

  test("a leave is announced to the others", async (t) => {
    const [ann, ben, cem] = await chat(t, 3);
    ben.socket.close();
    await ann.hears("has left");
    await cem.hears("has left");
  });

  test("a lost connection is announced to the others", async (t) => {
    const [ann, ben] = await chat(t, 2);
    ben.socket.terminate();
    await ann.hears("has lost the connection");
  });

  test(`${MANY} clients hear each other, each in the same order`, async (t) => {
    const clients = await chat(t, MANY);
    clients.forEach((client, index) => client.send(`number ${index}!`));
    const numbers = async (client) => {
      const heard = [];
      while (heard.length < MANY) heard.push(/number \d+!/.exec(await client.hears("number"))[0]);
      return heard;
    };
    const [first, ...others] = await Promise.all(clients.map(numbers));
    assert.equal(new Set(first).size, MANY);
    for (const heard of others) assert.deepEqual(heard, first);
  });
});
