// The chat page comes back when its connection breaks, and nothing is lost.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startHost } from "../node/host.mjs";
import { openDoor } from "./door.mjs";
import { heard, openTab, say, screenshot, startBrowser, state } from "./tabs.mjs";

test("messages of both sides wait while the connection is away, and the others notice nothing", async (t) => {
  const host = await startHost(t, "chat");
  const door = await openDoor(t, host);
  const context = await startBrowser(t);
  const [ann, ben] = [await openTab(context, door), await openTab(context, host)];
  await heard(ann, "joined").last().waitFor();

  door.shut();
  await state(ann, "waiting");
  await say(ben, "one while you are away");
  await say(ben, "another");
  await heard(ben, "joined").first().waitFor();
  await say(ann, "written without a connection");
  await ann.locator("#log .line[data-waits]").waitFor();
  door.open();
  await ann.locator("#log .line[data-tone=live]", { hasText: /Back after \d+ s, nothing lost/ }).waitFor();
  await heard(ann, "another").waitFor();
  await heard(ben, "written without a connection").waitFor();
  await screenshot(ann, "back-and-nothing-lost");
  const of = async (tab) => (await tab.locator("#log .line[data-kind=in]").allInnerTexts()).join("\n");
  const [anns, bens] = [await of(ann), await of(ben)];
  assert.equal(anns.match(/one while you are away|another/g).join(), "one while you are away,another");
  assert.equal(bens.match(/written without/g).length, 1);
  assert.doesNotMatch(bens, /left|lost/);
  assert.deepEqual([...ann.problems, ...ben.problems], []);
});

test("the page tells when the server has forgotten it, and which messages may be lost", async (t) => {
  const host = await startHost(t, "chat", "--resume-for", "1ms");
  const door = await openDoor(t, host);
  const context = await startBrowser(t);
  const [ann, ben] = [await openTab(context, door), await openTab(context, host)];
  door.shut();
  await heard(ben, "has lost the connection").waitFor();
  door.open();
  await ann.locator("#log", { hasText: /Back after \d+ s as a new client: the session had expired\. What it sent meanwhile is lost/ }).waitFor();
  await say(ann, "a new client");
  await heard(ben, "a new client").waitFor();
  assert.deepEqual(ann.problems, []);
});

test("a page whose network is away comes back when the browser says that it is there", async (t) => {
  const host = await startHost(t, "chat");
  const door = await openDoor(t, host);
  const context = await startBrowser(t);
  const [ann, ben] = [await openTab(context, door), await openTab(await startBrowser(t), host)];
  await heard(ann, "joined").last().waitFor();
  await context.setOffline(true);
  // An open connection survives the browser's setting, and not the loss of the network.
  door.shut();
  door.open();
  await state(ann, "waiting");
  await say(ben, "while your network is away");
  await heard(ben, "while your network is away").waitFor();
  await state(ann, "waiting");
  await context.setOffline(false);
  await ann.locator("#log .line[data-tone=live]", { hasText: /Back after \d+ s, nothing lost/ }).waitFor();
  await heard(ann, "while your network is away").waitFor();
  assert.equal(await heard(ann, "while your network is away").count(), 1);
  assert.deepEqual(ann.problems, []);
});

test("a page that was frozen while its connection broke comes back when it goes on", async (t) => {
  const host = await startHost(t, "chat");
  const door = await openDoor(t, host);
  const context = await startBrowser(t);
  const [ann, ben] = [await openTab(context, door), await openTab(context, host)];
  await heard(ann, "joined").last().waitFor();
  const lifecycle = await context.newCDPSession(ann);
  const becomes = (state) => lifecycle.send("Page.setWebLifecycleState", { state });
  await becomes("frozen");
  door.shut();
  door.open();
  await say(ben, "while you are frozen");
  await heard(ben, "while you are frozen").waitFor();
  await becomes("active");
  await heard(ann, "while you are frozen").waitFor();
  await say(ann, "I am back");
  await heard(ben, "I am back").waitFor();
  assert.equal(await heard(ann, "while you are frozen").count(), 1);
  const bens = (await ben.locator("#log .line[data-kind=in]").allInnerTexts()).join("\n");
  assert.doesNotMatch(bens, /left|lost/);
  assert.deepEqual([...ann.problems, ...ben.problems], []);
});
