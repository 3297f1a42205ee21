import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { findNode } from "./server/node.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const CLIENTS = ["c", "agent-bun", "fetch-bun", "builtin-bun"];
// a libcurl that needs another C library is for runtimes with that one only
const foreign = process.env["CURLEW_RUNTIMES"] !== undefined;
const hasCompiler = !foreign &&
  ["cc", "gcc", "clang"].some((name) => spawnSync(name, ["--version"]).status === 0);

interface Report {
  readonly results: readonly {
    readonly scenario: string;
    readonly rows: readonly {
      readonly name: string;
      readonly errors: readonly string[];
      readonly metrics: Record<string, { readonly median: number; readonly ratio: number }>;
    }[];
  }[];
}

function bench(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(findNode(), ["bench/main.mjs", ...args], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

test.skipIf(!hasCompiler)(
  "the short form of the benchmark measures every client that was asked for (with a C compiler, on its C library)",
  () => {
    const only = ["get-c16", ...CLIENTS].flatMap((name) => ["--only", name]);
    const { status, stdout, stderr } = bench("--quick", "--json", ...only);
    expect(stderr).toBe("");
    const { results } = JSON.parse(stdout) as Report;
    expect(results.map(({ scenario }) => scenario)).toEqual(["get-c16"]);
    const [{ rows } = { rows: [] }] = results;
    expect(rows.map(({ name, errors }) => [name, errors])).toEqual(
      CLIENTS.map((name) => [name, []]),
    );
    for (const { metrics } of rows) expect(metrics["cpuPerRequest"]?.ratio).toBeGreaterThan(0);
    expect(status).toBe(0);
  },
  70_000,
);

test("the benchmark refuses names that it does not know, and half a README", () => {
  expect(bench("--only", "nothing").stderr).toContain('there is no "nothing"');
  expect(bench("--rounds", "0").status).toBe(2);
  expect(bench("--write", "--quick").status).toBe(2);
});
