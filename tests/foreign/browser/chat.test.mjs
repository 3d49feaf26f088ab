// Two tabs of Chromium chat on the page that the host serves.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startDev, startHost } from "../node/host.mjs";
import { heard, openTab, say, screenshot, startBrowser } from "./tabs.mjs";

test("two tabs chat, and when one closes the other sees that it left", async (t) => {
  const host = await startHost(t, "chat");
  const context = await startBrowser(t);
  const ann = await openTab(context, host);
  const ben = await openTab(context, host);

  await heard(ann, "joined").last().waitFor();
  await say(ann, "good morning");
  await heard(ben, "good morning").waitFor();
  await say(ben, "good evening, Ann");
  await heard(ann, "good evening, Ann").waitFor();
  await screenshot(ann, "two-tabs-chat");

  await ben.close();
  await heard(ann, "has left").waitFor();
  await screenshot(ann, "one-has-left");
  assert.deepEqual(ann.problems, []);
});

test("the page says so when the host shuts down", async (t) => {
  const host = await startHost(t, "chat");
  const context = await startBrowser(t);
  const tab = await openTab(context, host);
  host.terminate();
  await tab.locator("#status:not([data-state=open])").waitFor();
  await tab.getByText("1001").first().waitFor();
  await screenshot(tab, "host-has-gone");
  assert.equal(await host.exitCode, 0);
  assert.deepEqual(tab.problems, []);
});

test("over https the page connects over wss, to localhost as well", async (t) => {
  const host = await startDev(t, "chat", "--tls");
  const context = await startBrowser(t);
  for (const page of [host.page, host.page.replace("localhost", "127.0.0.1")]) {
    const tab = await openTab(context, { page });
    assert.equal(new URL(tab.url()).protocol, "https:");
    assert.match(await tab.locator("#url").inputValue(), /^wss:\/\//);
    await say(tab, "over TLS");
    await heard(tab, "over TLS").waitFor();
    assert.deepEqual(tab.problems, []);
    await tab.close();
  }
});
