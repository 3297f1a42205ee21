// Load, in short. `npm run soak` has the full counts: 10,000 at once, a million mixed transfers.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isBun } from "../driver/support.ts";
import { type ChildResult, runProgram } from "../server/child.ts";
import { hasFeature } from "../http/support.ts";

const AT_ONCE = 1000, MIXED = 400;
/** How many of the mixed ones run at once. */
const WIDTH = 48;
const RUN = isBun ? ["run"] : ["run", "-A", "--no-check"];

/** Runs a file of this folder with as many descriptors as this user may have. */
function run(file: string, ...args: readonly (number | string)[]): Promise<ChildResult> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const raised = ["-c", 'ulimit -n "$(ulimit -Hn)"; exec "$@"', "sh"];
  return runProgram("sh", {
    args: [...raised, process.execPath, ...RUN, path, ...args.map(String)],
    env: { DENO_V8_FLAGS: "--expose-gc,--max-semi-space-size=2" },
    timeoutMs: 110_000,
  });
}

const lines = ({ stdout }: ChildResult) =>
  stdout.trim().split("\n").map((line) => JSON.parse(line));

test(`${AT_ONCE} transfers at once: none is lost or doubled, every body is right`, async () => {
  const child = await run("./concurrent.ts", AT_ONCE);
  expect(child, child.stderr).toMatchObject({ code: 0, signal: null, timedOut: false });
  const [{ mostSockets, ...result }, left] = lines(child);
  expect(mostSockets).toBeGreaterThanOrEqual(AT_ONCE); // some libcurls have one of their own
  expect(result).toEqual({
    atOnce: AT_ONCE,
    right: AT_ONCE,
    failed: 0,
    why: "",
    endedOnce: AT_ONCE,
    seen: { ids: AT_ONCE, most: 1 },
  });
  expect(left).toMatchObject({ easies: 0, multis: 0, hooks: 0, tokens: 0, lists: 0 });
}, 120_000);

const HTTP2 = 1 << 16;

test(`${MIXED} mixed transfers end as they should and leave nothing behind`, async ({ skip }) => {
  if (!hasFeature(HTTP2)) return skip("this libcurl has no HTTP/2");
  const child = await run("./main.ts", MIXED, 100, 1);
  const [end, ...samples] = lines(child).reverse();
  expect(end, child.stderr).toMatchObject({
    started: MIXED,
    ended: MIXED,
    failed: 0,
    failures: [],
  });
  expect(child).toMatchObject({ code: 0, signal: null, timedOut: false });
  expect(samples.length).toBeGreaterThan(5);
  for (const sample of samples) {
    expect(sample).toMatchObject({ active: 0, lists: 0, files: 0, multis: 1 });
    expect(sample.easies).toBeLessThanOrEqual(WIDTH); // those that fetch keeps
    expect(sample.tokens).toBe(sample.easies);
  }
  expect(end).toMatchObject({ easies: 0, multis: 0, hooks: 0, tokens: 0, lists: 0 });
}, 120_000);
