// The dashboard of a running host, through a door of this test's own in front of the admin socket.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import WebSocket from "ws";
import { startHost } from "../node/host.mjs";
import { screenshot, startBrowser } from "./tabs.mjs";

// A guest of the integration tests, which fails when a message asks for it.
const HOSTILE = "../../../../tests/guests/target/wasm32-wasip2/release/hostile";
const TOKEN = "a token, with & and = in it";
// As a path of a WebSocket, it names a room.
const NAME = "<img src=x onerror=alert(1)>";

// A host whose API answers at an address to one token. `seen` has the requests.
async function startApi(t, guest, ...options) {
  const folder = await mkdtemp(join(tmpdir(), "ws-host-dashboard-"));
  const socketPath = join(folder, "admin.sock");
  const host = await startHost(t, guest, "--socket", socketPath, ...options);
  const seen = [];
  const door = createServer((asked, answer) => {
    seen.push(asked.url);
    if (asked.url !== "/" && asked.headers.authorization !== `Bearer ${TOKEN}`) {
      return answer.writeHead(401, { "content-type": "application/problem+json" }).end('{"title":"Unauthorized","status":401}');
    }
    const { method, url: path, headers } = asked;
    const passed = request({ socketPath, method, path, headers }, (given) => {
      answer.writeHead(given.statusCode, given.headers);
      given.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    answer.on("close", () => passed.destroy());
    asked.pipe(passed);
  });
  door.listen(0, "127.0.0.1");
  await once(door, "listening");
  t.after(async () => {
    door.closeAllConnections();
    door.close();
    await rm(folder, { recursive: true, force: true });
  });
  const page = `http://127.0.0.1:${door.address().port}/`;
  return { ...host, seen, dashboard: page, link: `${page}#${new URLSearchParams({ token: TOKEN })}` };
}

// A tab with a page. Its problems are errors in the script, dialogs of injected scripts, and what the policy of the page forbids.
async function open(context, address) {
  const tab = await context.newPage();
  tab.problems = [];
  tab.on("pageerror", (error) => tab.problems.push(String(error)));
  tab.on("dialog", (dialog) => tab.problems.push(dialog.message()) && dialog.dismiss());
  tab.on("console", (line) => {
    if (line.text().includes("Content Security Policy") || line.text().includes("Trusted")) tab.problems.push(line.text());
  });
  await tab.goto(address);
  return tab;
}

const live = (tab) => tab.locator("#state[data-state=live]").waitFor();

// A trap in the room of this name.
async function failIn(host, room) {
  const client = new WebSocket(`${host.url}${encodeURIComponent(room)}`);
  await once(client, "open");
  client.send("die panic");
  await once(client, "close");
}

test("the token leaves the address at once, stays in the tab, and goes to no address", async (t) => {
  const host = await startApi(t, "echo");
  const tab = await open(await startBrowser(t), host.link);
  await live(tab);
  assert.equal(tab.url(), host.dashboard);
  await tab.reload();
  await live(tab);
  assert.ok(!host.seen.join().includes("token="), "no request has it in its path");
  await tab.locator("#leave").click();
  await tab.locator("#door").waitFor();
  await tab.reload();
  await tab.locator("#door").waitFor();
  await tab.locator("#token").fill("wrong");
  await tab.keyboard.press("Enter");
  await tab.locator("#door-problem", { hasText: "does not know this token" }).waitFor();
  await tab.locator("#token").fill(TOKEN);
  await tab.keyboard.press("Enter");
  await live(tab);
  assert.deepEqual(tab.problems, []);
});

test("names and words of strangers are text on the dashboard", async (t) => {
  const host = await startApi(t, HOSTILE, "--instances", "per-room");
  const tab = await open(await startBrowser(t), host.link);
  await live(tab);
  await failIn(host, NAME);
  const trap = tab.locator("#trap-list li").first();
  await trap.locator("summary").click();
  const encoded = encodeURIComponent(NAME);
  for (const place of [trap, tab.locator("#log")]) {
    await place.filter({ hasText: "img" }).waitFor();
  }
  assert.match(await trap.innerText(), /on-message[^]*hostile\.wasm \([0-9a-f]{12}\)[^]*wasm backtrace/, encoded);
  await tab.locator("#log [data-level=ERROR]", { hasText: "trapped" }).waitFor();
  assert.equal(await tab.locator("img, #log script").count(), 0);
  // The page itself cannot make markup of text either.
  const threw = await tab.evaluate(() => { try { document.body.innerHTML = "<b>x</b>"; return false; } catch { return true; } });
  assert.ok(threw, "Trusted Types refuse it");
  tab.problems.length = 0;
  await failIn(host, "other");
  await tab.locator("#trap-count", { hasText: "2" }).waitFor();
  assert.deepEqual(tab.problems, []);
});

test("a release goes back by the keyboard alone, after a question", async (t) => {
  const host = await startApi(t, "echo");
  const context = await startBrowser(t, { reducedMotion: "reduce" });
  const tab = await open(context, host.link);
  await live(tab);
  const swapped = await fetch(`${host.dashboard}v1/swap`, {
    method: "POST", headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" },
    body: JSON.stringify({ path: join(process.env.GUESTS, "chat.wasm") }),
  });
  assert.equal(swapped.status, 200, await swapped.text());
  await tab.locator("#app", { hasText: "chat.wasm" }).waitFor();
  await tab.locator("#rollback").focus();
  await tab.keyboard.press("Enter");
  await tab.locator("#ask[open]").waitFor();
  await tab.keyboard.press("Escape");
  await tab.locator("#ask[open]").waitFor({ state: "hidden" });
  assert.equal(await tab.evaluate(() => document.activeElement.id), "rollback", "the focus returns");
  await tab.keyboard.press("Enter");
  await tab.locator("#ask-title", { hasText: "echo.wasm" }).waitFor();
  assert.equal(await tab.evaluate(() => document.activeElement.id), "ask-no", "nothing happens by Enter alone");
  await tab.keyboard.press("Tab");
  await tab.keyboard.press("Enter");
  await tab.locator("#said", { hasText: "echo.wasm" }).waitFor();
  await tab.locator("#app", { hasText: "echo.wasm" }).waitFor();
  assert.deepEqual(tab.problems, []);
});

test("the dashboard fits a phone, is dark when the reader's system is, and tells when the host is gone", async (t) => {
  const host = await startApi(t, "echo");
  const context = await startBrowser(t, { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  const tab = await open(context, host.link);
  await live(tab);
  const { wide, back } = await tab.evaluate(() => ({ wide: document.documentElement.scrollWidth, back: getComputedStyle(document.body).backgroundColor }));
  assert.equal(wide, 360, "nothing is wider than the screen");
  assert.equal(back, "rgb(18, 20, 22)");
  await screenshot(tab, "dashboard-on-a-phone");
  host.terminate();
  await tab.locator("#state[data-state=lost]").waitFor();
  await tab.locator("#trouble", { hasText: "tries again" }).waitFor();
  assert.deepEqual(tab.problems, []);
});
