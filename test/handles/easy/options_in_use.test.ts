// Every option inside every callback and between the turns of an agent: what may not be set then is
// refused, what may be set ends no process, with an allocator that
// checks and perturbs. CURLEW_SWEEP=whole tries each with and without an agent, else one of the two.
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { easyOptions } from "../../../ffi/curl/options.ts";
import { NUMBERS_IN_USE } from "../../../src/handles/easy/in_use.ts";
import { runChild } from "../../server/child.ts";
import { useServer } from "../../use.ts";
import { CHECKED_MALLOC } from "../checked_malloc.ts";
import { having } from "../../versions.ts";

/** Those that are called in the transfer of the child. */
const KINDS = [
  "CLOSESOCKETFUNCTION",
  "DEBUGFUNCTION",
  "HEADERFUNCTION",
  "OPENSOCKETFUNCTION",
  "PREREQFUNCTION",
  "READFUNCTION",
  "RESOLVER_START_FUNCTION",
  "SOCKOPTFUNCTION",
  "SSL_CTX_FUNCTION",
  "TRAILERFUNCTION",
  "WRITEFUNCTION",
  "XFERINFOFUNCTION",
] as const;

const server = useServer("https");

// deno-lint-ignore no-explicit-any -- each part says something else
async function run(part: string, timeoutMs = 60_000): Promise<any> {
  const path = fileURLToPath(new URL("../children/options_in_use.ts", import.meta.url).href);
  const args = [server.url("", "https"), server.ca, part];
  const child = await runChild(path, { args, timeoutMs, env: CHECKED_MALLOC });
  expect(child, child.stderr.slice(-3000)).toMatchObject({ code: 0, signal: null });
  return JSON.parse(child.stdout);
}

describe("while a handle is in use", () => {
  test("no option but functions, data and some numbers may be set in any callback", async () => {
    const { called, wrong } = await run("refused");
    expect(wrong).toEqual([]);
    for (const kinds of [called.blocking, called.agent]) {
      expect(kinds).toEqual(KINDS.filter((name) => having(name).holds));
    }
  }, 70_000);

  test("nor between the turns of an agent", async () => {
    expect(await run("between")).toEqual({ turns: true, wrong: [], status: 200 });
  }, 70_000);

  test("what may be set in a callback ends no process", async () => {
    const { transfers, wrong } = await run("allowed", 240_000);
    expect(wrong).toEqual([]);
    expect(transfers).toBeGreaterThan(800);
  }, 250_000);
});

test("the numbers that may be set are numbers", () => {
  const rows = Object.values(easyOptions).filter(({ id }) => NUMBERS_IN_USE.has(id));
  expect(rows.length).toBeGreaterThanOrEqual(NUMBERS_IN_USE.size);
  for (const { kind } of rows) expect(["long", "off_t", "values"]).toContain(kind);
});
