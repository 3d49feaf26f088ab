// Tabs of Chromium on the page that the host serves.

import { join } from "node:path";
import { chromium } from "playwright-core";
import { PATIENCE } from "../node/host.mjs";

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
export async function startBrowser(t, options = {}) {
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: [...QUIET, ...sandbox] });
  t.after(() => browser.close());
  const context = await browser.newContext({ viewport: { width: 900, height: 700 }, ignoreHTTPSErrors: true, ...options });
  context.setDefaultTimeout(PATIENCE);
  return context;
}

// A tab with the connected page. Its problems are errors in the script, and what the policy of the page forbids.
export async function openTab(context, host) {
  const tab = await context.newPage();
  tab.problems = [];
  tab.on("pageerror", (error) => tab.problems.push(String(error)));
  tab.on("console", (line) => {
    if (line.text().includes("Content Security Policy")) tab.problems.push(line.text());
  });
  await tab.goto(host.page);
  if ((await tab.locator("#status").getAttribute("data-state")) === "closed") await tab.locator("#connect").click();
  await state(tab, "open");
  return tab;
}

export const state = (tab, name) => tab.locator(`#status[data-state=${name}]`).waitFor();

// The page's log lines of received messages that contain `words`.
export const heard = (tab, words) => tab.locator("#log .line[data-kind=in]", { hasText: words });

export async function say(tab, words) {
  await tab.locator("#message").fill(words);
  await tab.locator("#send").click();
}

export const screenshot = (tab, name) => tab.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
