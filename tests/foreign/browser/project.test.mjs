// The page of a new project, under `ws-host dev`.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { newProject } from "../node/host.mjs";
import { openDoor } from "./door.mjs";
import { screenshot, startBrowser } from "./tabs.mjs";

// A tab with the page of a project, online.
async function open(context, host) {
  const tab = await context.newPage();
  tab.problems = [];
  tab.on("pageerror", (error) => tab.problems.push(String(error)));
  tab.on("dialog", (dialog) => tab.problems.push(dialog.message()) && dialog.dismiss());
  await tab.goto(host.page);
  await tab.locator("#status[data-status=online]").waitFor();
  return tab;
}

async function say(tab, words) {
  await tab.locator("#text").fill(words);
  await tab.keyboard.press("Enter");
}

const line = (tab, hasText) => tab.locator("#log li", { hasText });

async function edit(file, before, after) {
  const text = await readFile(file, "utf8");
  assert.ok(text.includes(before), `${file} has ${before}`);
  await writeFile(file, text.replace(before, after));
}

test("the page of a new project chats, is loaded anew when it is edited, and shows what dev tells", async (t) => {
  const { project, dev } = await newProject(t, "my-page");
  const host = await dev();
  const context = await startBrowser(t);
  const door = await openDoor(t, host);
  const tab = await open(context, door);
  assert.equal(await tab.title(), "my-page");
  await line(tab, "* guest-1 has joined").waitFor();
  await say(tab, "hello");
  await line(tab, "guest-1 hello").waitFor();
  assert.equal(await tab.locator("#log b").innerText(), "guest-1");
  await say(tab, "<img src=x onerror=alert(1)>: as text");
  await line(tab, "<img src=x").waitFor();
  assert.equal(await tab.locator("#log img").count(), 0);

  door.shut();
  await tab.locator("#status[data-status=away], #status[data-status=connecting]").waitFor();
  await say(tab, "said while away");
  door.open();
  await line(tab, "nothing lost").waitFor();
  await line(tab, "guest-1 said while away").waitFor();
  await screenshot(tab, "project-chats");

  await edit(join(project, "public/index.html"), "<h1>my-page</h1>", "<h1>An edited page</h1>");
  await tab.locator("h1", { hasText: "An edited page" }).waitFor();
  const joined = /\* (guest-[2-9]) has joined/;
  const [, name] = joined.exec(await line(tab, joined).innerText());

  const handler = join(project, "src/lib.rs");
  await edit(handler, "guest-{from}: {text}", "guest-{from}: {txt}");
  await tab.locator("#ws-host-notice", { hasText: "cannot find value `txt`" }).waitFor();
  await screenshot(tab, "project-does-not-build");
  await edit(handler, "guest-{from}: {txt}", "guest-{from} says: {text}");
  await tab.locator("#ws-host-notice", { hasText: "swapped" }).waitFor();
  await say(tab, "hello");
  await line(tab, `${name} says: hello`).waitFor();
  assert.deepEqual(tab.problems, []);

  const phone = await startBrowser(t, { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  const small = await open(phone, host);
  await say(small, "a long word: ".padEnd(200, "m"));
  await line(small, "mmm").waitFor();
  const { wide, back } = await small.evaluate(() => ({
    wide: document.documentElement.scrollWidth, back: getComputedStyle(document.body).backgroundColor,
  }));
  assert.equal(wide, 360, "nothing is wider than the screen");
  assert.equal(back, "rgb(22, 24, 27)");
  await screenshot(small, "project-on-a-phone");
  assert.deepEqual(small.problems, []);
});
