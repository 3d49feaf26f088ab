// Two tabs of Chromium chat on the page that the host serves.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { PATIENCE, startDev, startHost } from "../node/host.mjs";

// Without these, Chromium contacts its maker's servers at every start.
const QUIET = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// A browser that is closed when the test `t` ends. CHROMIUM names the program. For root it runs without its sandbox.
async function startBrowser(t) {
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: [...QUIET, ...sandbox] });
  t.after(() => browser.close());
  const context = await browser.newContext({ viewport: { width: 900, height: 700 }, ignoreHTTPSErrors: true });
  context.setDefaultTimeout(PATIENCE);
  return context;
}

// A tab with the connected page. An error in its script fails the test.
async function openTab(context, host) {
  const tab = await context.newPage();
  tab.problems = [];
  tab.on("pageerror", (error) => tab.problems.push(String(error)));
  await tab.goto(host.page);
  if ((await tab.locator("#status").getAttribute("data-state")) === "closed") await tab.locator("#connect").click();
  await state(tab, "open");
  return tab;
}

const state = (tab, name) => tab.locator(`#status[data-state=${name}]`).waitFor();

// The page's log lines of received messages that contain `words`.
const heard = (tab, words) => tab.locator("#log .line[data-kind=in]", { hasText: words });

async function say(tab, words) {
  await tab.locator("#message").fill(words);
  await tab.locator("#send").click();
}

const screenshot = (tab, name) => tab.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });

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
