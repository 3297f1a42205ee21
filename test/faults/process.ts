/** The part that the tests of faults in the process share. */
import { expect } from "vitest";
import { type Ended, inChild as run } from "../driver/support.ts";
import type { ChildOptions } from "../server/child.ts";
import { buildPreload } from "../server/preload.ts";
import type { TestServer } from "../server/start.ts";

let built: Promise<string | null> | undefined;

/** shim.c for a child's LD_PRELOAD, null where there is no C compiler, or no Linux. */
export function buildShim(): Promise<string | null> {
  return built ??= buildPreload(new URL("./shim.c", import.meta.url));
}

export const NO_COMPILER = "no C compiler, or not Linux";

// Deno itself panics if it needs a pipe for signals later, and finds no descriptor for it
const PRELUDE = `
process.on("SIGUSR2", () => {}).removeAllListeners("SIGUSR2");
import { CurlError, CurlMultiError, download, fetch, Share, upload } from "#root/mod.ts";
import * as control from "#root/test/faults/control.ts";
const { giveDescriptorsBack, leaveDescriptors } = control;
const { connections, counters, descriptors } = support;
const ports = JSON.parse(process.env.PORTS ?? "{}");
const base = "http://127.0.0.1:" + ports.http;
const small = base + "/small";

/** The names of the codes of an error and its causes, "Error" for one without a code. */
function names(error) {
  const all = [];
  for (let one = error; one instanceof Error; one = one.cause) all.push(one.codeName ?? one.name);
  return all.join(" < ");
}
/** A body, within a time that suffices on a busy machine. */
const take = (agent, url, options = {}) => get(agent, url, { TIMEOUT_MS: 40_000, ...options });
/** The result: "done", or the names; "hangs" if it takes longer than any limit. */
async function end(promise) {
  let timer;
  const hangs = new Promise((resolve) => timer = setTimeout(() => resolve("hangs"), 45_000));
  const ended = promise.then(() => "done", (error) => names(error) || String(error));
  return await Promise.race([ended, hangs]).finally(() => clearTimeout(timer));
}
/** Tries until it succeeds: some threads close their descriptors a little later. */
async function recovers(what) {
  for (let left = 100; left > 0; left--) {
    if (await end(what()) === "done") return true;
    await sleep(20);
  }
  return false;
}
`;

/** Runs a script in a child process that has all exports of curlew and the server's ports. */
export function inChild(
  server: TestServer,
  source: string,
  options: ChildOptions = {},
): Promise<Ended> {
  const env = { PORTS: JSON.stringify(server), DENO_NO_UPDATE_CHECK: "1", ...options.env };
  return run(PRELUDE + source, { timeoutMs: 60_000, ...options, env });
}

/** The child has ended by itself, with that exit code and no error output. */
export function expectQuiet(child: Ended, code = 0): void {
  const { stderr } = child;
  expect({ ...child, stderr }, stderr).toMatchObject({ code, signal: null, timedOut: false });
  expect(stderr).toBe("");
}
