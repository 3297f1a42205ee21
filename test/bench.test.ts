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
    const only = ["get-c16", "fairness", ...CLIENTS].flatMap((name) => ["--only", name]);
    const { status, stdout, stderr } = bench("--quick", "--json", ...only);
    expect(stderr).toBe("");
    const { results } = JSON.parse(stdout) as Report;
    expect(results.map(({ scenario }) => scenario)).toEqual(["get-c16", "fairness"]);
    for (const { rows } of results) {
      expect(rows.map(({ name, errors }) => [name, errors])).toEqual(
        CLIENTS.map((name) => [name, []]),
      );
    }
    const [small, flood] = results.map(({ rows }) => rows);
    for (const { metrics } of small!) expect(metrics["cpuPerRequest"]?.ratio).toBeGreaterThan(0);
    for (const { metrics } of flood!) expect(metrics["timerWall"]?.median).toBeGreaterThan(1);
    expect(status).toBe(0);
  },
  70_000,
);

interface Growth {
  GROWTH: { name: string; metrics: string[] }[];
  growthOf(results: unknown[]): unknown[];
  growthTable(growth: unknown[]): string;
  growthChart(growth: unknown[]): string;
}

test("how costs grow is shown as a table and a chart, also where a client failed", async () => {
  const modules = ["growth", "growth_chart"].map((name) =>
    import(new URL(`../bench/${name}.mjs`, import.meta.url).href)
  );
  const { GROWTH, growthOf, growthTable, growthChart }: Growth = Object.assign(
    {},
    ...await Promise.all(modules),
  );
  const results = GROWTH.map((scenario) => ({
    scenario,
    rows: ["c", "agent-bun", "agent-deno"].map((name, i) => ({
      name,
      title: name,
      metrics: i === 2 ? null : Object.fromEntries(scenario.metrics.map((metric) => {
        const size = Number(scenario.name.split("-")[1]);
        return [metric, { median: metric === "memory" ? 10 + size * (16 + 4 * i) / 1e3 : 20 + i }];
      })),
    })),
  }));
  const growth = growthOf(results), table = growthTable(growth), chart = growthChart(growth);
  expect(table).toMatch(/^\| agent-bun .* 21\.0 .* 1\.00 .* 20\.0 \| +4\.0 \|$/m);
  expect(table).toMatch(/^\| agent-deno .* – \|$/m);
  expect(chart).toContain("10,000 at once");
  expect(chart).not.toMatch(/NaN|undefined|Infinity/);
});

test("the benchmark refuses names that it does not know, and half a README", () => {
  expect(bench("--only", "nothing").stderr).toContain('there is no "nothing"');
  expect(bench("--rounds", "0").status).toBe(2);
  expect(bench("--write", "--quick").status).toBe(2);
  expect(bench("--scale", "--quick").status).toBe(2);
});
