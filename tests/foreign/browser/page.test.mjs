// The served page tells of its connection, its server and its build.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startHost } from "../node/host.mjs";
import { heard, openTab, say, screenshot, startBrowser, state } from "./tabs.mjs";

const BUILD_ERROR = `The build failed; the previous release keeps running.\n${"error[E0277]: cannot add `bool` to `u8`\n".repeat(30)}`;

// From now on, the host's pages ask for a notice and get this one, as under `ws-host dev`.
async function withNotice(context, notice) {
  await context.addInitScript(() => {
    const mark = () => {
      document.documentElement?.setAttribute("data-notice", "/-/notice");
      document.documentElement?.setAttribute("data-notice-seconds", "1");
    };
    new MutationObserver(mark).observe(document, { childList: true });
  });
  await context.route("**/-/notice", (route) => route.fulfill({ json: notice }));
}

// The lines of the log that tell about the connection.
const told = (tab) => tab.locator("#log .line[data-kind=system]").allInnerTexts();

test("a server on this machine is found again at once, and until then the page tells why the connection ended", async (t) => {
  const host = await startHost(t, "echo");
  const tab = await openTab(await startBrowser(t), host);
  host.terminate();
  await state(tab, "waiting");
  await tab.locator("#close-code", { hasText: "1001" }).waitFor();
  await tab.locator("#log", { hasText: "Closed with 1001" }).waitFor();
  const before = await told(tab);
  // Doubled delays would take this attempt minutes.
  await tab.locator("#countdown", { hasText: /Attempt \d\d/ }).waitFor();
  assert.match(await tab.locator("#close-code").innerText(), /1001/);
  assert.deepEqual(await told(tab), before, "a retry adds no line");
  await say(tab, "for later");
  await tab.locator("#log .line[data-waits]", { hasText: "for later" }).waitFor();
  await screenshot(tab, "waits-for-the-host");
  await host.exitCode;

  await startHost(t, "echo", "--port", new URL(host.page).port);
  await state(tab, "open");
  await tab.locator("#log .line[data-tone=live]").nth(1).waitFor();
  const after = await told(tab);
  assert.equal(after.length, before.length + 1);
  assert.match(after.at(-1), /Back after \d+ s as a new client: the server .*What it sent meanwhile is lost$/);
  await heard(tab, "for later").waitFor();
  assert.equal(await tab.locator("[data-waits]").count(), 0);
  await screenshot(tab, "back-again");
  assert.ok(await tab.locator("#notice").isHidden());
  await say(tab, "hello again");
  assert.deepEqual(tab.problems, []);
});

test("reconnecting can be stopped while a server on this machine is away", async (t) => {
  const host = await startHost(t, "echo");
  const tab = await openTab(await startBrowser(t), host);
  host.terminate();
  await tab.locator("#countdown", { hasText: "Attempt 3" }).waitFor();
  await say(tab, "never");
  await tab.locator("#connect", { hasText: "Stop" }).click();
  await state(tab, "closed");
  await tab.locator("#log", { hasText: "Reconnecting was stopped" }).waitFor();
  await tab.locator("#log", { hasText: "One message was not sent" }).waitFor();
  await tab.locator("#send[aria-disabled=true]").waitFor();
  assert.deepEqual(tab.problems, []);
});

test("an address with a space in its host is refused with a sentence", async (t) => {
  const host = await startHost(t, "echo");
  const tab = await openTab(await startBrowser(t), host);
  await tab.locator("#connect").click();
  await state(tab, "closed");
  for (const typed of ["foo bar", "ws://foo%20bar/", "ws://"]) {
    await tab.locator("#url").fill(typed);
    await tab.locator("#connect").click();
    await tab.locator("#close-code", { hasText: "Cannot connect" }).waitFor();
    assert.match(await tab.locator("#close-help").innerText(), /An address looks like ws:\/\//, typed);
    assert.equal(await tab.locator("#status").getAttribute("data-state"), "closed", typed);
  }
  await tab.locator("#protocols").evaluate((field) => { field.value = "chat/1, ("; });
  await tab.locator("#url").fill(host.url);
  await tab.locator("#connect").click();
  await tab.locator("#close-help", { hasText: "subprotocol" }).waitFor();
  await tab.locator("#protocols").evaluate((field) => { field.value = ""; });
  await tab.locator("#url").fill(`${host.url}a room`);
  await tab.locator("#connect").click();
  await state(tab, "open");
  assert.deepEqual(tab.problems, []);
});

test("the page notes failures and swaps of the app under a development server", async (t) => {
  const host = await startHost(t, "echo");
  const context = await startBrowser(t);
  const [first, second] = ["aaaaaaaa01", "bbbbbbbb02"].map((sha256) => ({ file: "apps/chat.wasm", sha256 }));
  const notice = { notice: "", status: { release: first, previous: null, swaps: 0, traps: 0, last_trap: null } };
  await withNotice(context, notice);
  const tab = await openTab(context, host);
  await tab.waitForResponse("**/-/notice");
  const log = (hasText) => tab.locator("#log .line[data-kind=system]", { hasText }).waitFor();

  notice.status = { release: second, previous: first, swaps: 1, traps: 0, last_trap: null };
  await log("chat.wasm was swapped: release bbbbbbbb runs");
  notice.status = { release: second, previous: first, swaps: 1, traps: 1, last_trap: "panicked: no such key" };
  await log("The app failed: panicked: no such key");
  notice.status = { release: first, previous: null, swaps: 2, went_back: true, traps: 3, last_trap: "panicked: again" };
  await log("The app failed 2 times, at last: panicked: again");
  await log("chat.wasm went back to the previous release: release aaaaaaaa runs again");
  assert.deepEqual(tab.problems, []);
});

test("the page notes swaps and ways back under other servers too, without names", async (t) => {
  const host = await startHost(t, "echo");
  const context = await startBrowser(t);
  const notice = { notice: "", status: { swaps: 0, went_back: false } };
  await withNotice(context, notice);
  const tab = await openTab(context, host);
  await tab.waitForResponse("**/-/notice");
  const log = (hasText) => tab.locator("#log .line[data-kind=system]", { hasText }).waitFor();
  notice.status = { swaps: 1, went_back: false };
  await log("The app was swapped: a new release runs");
  notice.status = { swaps: 2, went_back: true };
  await log("The app went back to the previous release: that one runs again");
  assert.deepEqual(tab.problems, []);
});

for (const colorScheme of ["light", "dark"]) {
  test(`the button over the messages hides the text below it, in ${colorScheme} colours`, async (t) => {
    const host = await startHost(t, "echo");
    const tab = await openTab(await startBrowser(t, { colorScheme }), host);
    for (let at = 0; at < 20; at += 1) await say(tab, `message ${at}, which is long enough to pass below the button in the middle`);
    await tab.locator("#log .line[data-kind=in]").nth(19).waitFor();
    await tab.locator("#log").evaluate((log) => { log.scrollTop = 60; });
    await tab.locator("#latest").waitFor();
    await say(tab, "one more");
    await tab.locator("#latest", { hasText: "2 new below" }).waitFor();
    await screenshot(tab, `new-below-${colorScheme}`);
    const background = await tab.locator("#latest").evaluate((button) => getComputedStyle(button).backgroundColor);
    assert.match(background, /^rgb\(/, "an opaque colour");
  });

  test(`with a build error on a low screen the composer stays in view, in ${colorScheme} colours`, async (t) => {
    const host = await startHost(t, "echo");
    const context = await startBrowser(t, { colorScheme });
    await withNotice(context, { notice: BUILD_ERROR });
    const tab = await openTab(context, host);
    await tab.locator("#build", { hasText: "E0277" }).waitFor();
    await say(tab, "hello");
    for (const [width, height] of [[1280, 700], [1280, 400], [900, 500], [900, 420], [667, 320], [390, 600]]) {
      await tab.setViewportSize({ width, height });
      await screenshot(tab, `build-error-${colorScheme}-${width}x${height}`);
      const { bottom, shown } = await tab.locator("#send").evaluate((send) => {
        const box = send.getBoundingClientRect();
        const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        return { bottom: box.bottom, shown: send.contains(top) };
      });
      assert.ok(bottom <= height && shown, `${width} x ${height}: the composer ends at ${bottom}`);
      const rest = await tab.locator(".stage").evaluate((stage) => stage.clientHeight);
      assert.ok(rest >= 40, `${width} x ${height}: the messages have ${rest} px`);
    }
    assert.deepEqual(tab.problems, []);
  });
}
