// The fuzzer finds what it is there to find, and a seed gives the same calls again.
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { CloseHook } from "../../src/handles/core/close_hook.ts";
import { findNode } from "../server/node.ts";
import { type Any, Injected, revoked } from "./odd.ts";
import { World } from "./world.ts";

const TOOL = fileURLToPath(new URL("../../tools/fuzz.mjs", import.meta.url));
const RUNTIME = "Bun" in globalThis ? "bun" : "deno";
const SLOW = 400_000; // on a busy machine

function fuzz(...args: string[]): Promise<{ code: number | null; stdout: string }> {
  const child = spawn(findNode(), [TOOL, "--runtime", RUNTIME, ...args], {
    env: { ...process.env, CURLEW_LIBRARY: process.env["CURLEW_LIBRARY"] ?? "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout })));
}

/** What is said of each planted defect. */
const FOUND = {
  crash: /crash: SIG[A-Z]+|crash: exit 1\d\d/,
  hang: /hang/,
  rejection: /FAILED unhandled rejection: Error: planted/,
  class: /FAILED wrong error from planted: RangeError/,
};

test(
  "each planted defect is found, with the command that shows it again",
  { timeout: SLOW },
  async () => {
    const names = Object.keys(FOUND), seed = 100;
    const { code, stdout } = await fuzz(
      "--seed",
      `${seed}`,
      "--hang",
      "6",
      "--plant",
      names.join(),
    );
    expect(code).toBe(1);
    const reports = stdout.split(/^(?=\w+: seed )/m).slice(0, names.length);
    expect(reports, stdout).toHaveLength(names.length);
    for (const [i, name] of names.entries()) {
      expect(reports[i]).toMatch(FOUND[name as keyof typeof FOUND]);
      expect(reports[i]).toContain(`npm run fuzz -- --seed ${seed + i} --runtime ${RUNTIME}`);
    }
  },
);

test("a seed gives the same calls again, and nothing is found", { timeout: SLOW }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "curlew-fuzz-test-")), log = join(folder, "log");
  /** Calls inside callbacks depend on how fast the network is; ports are new each time. */
  const play = async () => {
    const { code, stdout } = await fuzz("--seed", "1", "--calls", "80", "--log", log);
    expect(code, stdout).toBe(0);
    return readFileSync(log, "utf8").split("\n")
      .filter((line) => !/^( |=|END|\* )/.test(line))
      .map((line) => line.replace(/127\.0\.0\.1:\d+|localhost:\d+/, "HOST"));
  };
  try {
    const first = await play();
    expect(first.length).toBeGreaterThanOrEqual(80);
    expect(await play()).toEqual(first);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a CLOSESOCKETFUNCTION that fails after its transfer is no finding, whether it threw or returned nonsense", () => {
  const log = openSync(devNull, "w"), world = new World({ seed: 1 } as Any, log);
  const late = (fn: () => unknown) =>
    new CloseHook(null, fn, undefined, (error) => world.uncaught("uncaught exception", error))
      .close(-1);
  const thrower = () => {
    throw new Injected("injected by CLOSESOCKETFUNCTION");
  };
  for (const fn of [thrower, () => 2 ** 63, () => "a\nb", () => Promise.resolve(), revoked]) {
    late(fn);
  }
  world.uncaught("uncaught exception", new Error("closed", { cause: new Injected("injected") }));
  expect(world.failures).toEqual([]);
  late(() => {
    throw new TypeError("planted");
  });
  expect(world.failures).toEqual([expect.stringMatching(/^uncaught exception: .*planted/)]);
  closeSync(log);
});
