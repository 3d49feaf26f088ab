// The host as a guard: it starts for a test and ends with it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// The milliseconds after which a test gives up. No successful test waits this long.
export const PATIENCE = 30_000;

const ADDRESS = /http(s?):\/\/(\S+?:\d+)\//;

// A listening `ws-host run GUEST --port 0`, killed when the test `t` ends. WS_HOST names the binary, and GUESTS the folder of
// built components.
export const startHost = (t, guest, ...options) =>
  start(t, ["run", join(process.env.GUESTS, `${guest}.wasm`), ...options]);

// The same for `ws-host dev` of an example guest.
export const startDev = (t, guest, ...options) =>
  start(t, ["dev", fileURLToPath(new URL(`../../../guest-examples/${guest}`, import.meta.url)), ...options]);

// A new project in Rust with this name, in a folder that is removed when the test `t` ends. It shares the compiled dependencies, and the versions of
// its crates, with those of the integration tests.
export async function newProject(t, name) {
  const folder = await mkdtemp(join(tmpdir(), "ws-host-new-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const made = spawn(process.env.WS_HOST, ["new", name, "--lang", "rust"], { cwd: folder, stdio: "ignore" });
  const [code] = await once(made, "exit");
  if (code !== 0) throw new Error(`ws-host new ended with ${code}`);
  const project = join(folder, name);
  await copyFile(new URL("../../guests/Cargo.lock", import.meta.url), join(project, "Cargo.lock"));
  const target = join(dirname(process.env.WS_HOST), "../tmp/dev");
  const dev = (...options) => start(t, ["dev", project, ...options], { CARGO_TARGET_DIR: target });
  return { project, dev };
}

async function start(t, words, variables = {}) {
  const folder = await mkdtemp(join(tmpdir(), "ws-host-test-"));
  const logFile = join(folder, "stderr");
  const log = await open(logFile, "w");
  const port = words.includes("--port") ? [] : ["--port", "0"];
  const host = spawn(process.env.WS_HOST, [...words, ...port], {
    stdio: ["ignore", "pipe", log.fd],
    env: { ...process.env, ...variables, XDG_CACHE_HOME: folder }, // a cache of its own, not the user's
  });
  const ended = once(host, "exit").then(([code]) => code);
  t.after(async () => {
    host.kill("SIGKILL"); // does nothing when it has ended
    await ended;
    await log.close();
    await rm(folder, { recursive: true });
  });
  for await (const line of createInterface({ input: host.stdout })) {
    const found = ADDRESS.exec(line);
    if (found) {
      host.stdout.resume();
      return {
        url: `ws${found[1]}://${found[2]}/`,
        page: `http${found[1]}://${found[2]}/`,
        terminate: () => host.kill("SIGTERM"),
        exitCode: ended,
      };
    }
  }
  throw new Error(`the host ended with ${await ended} before it listened: ${await readFile(logFile, "utf8")}`);
}
