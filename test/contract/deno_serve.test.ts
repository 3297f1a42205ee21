// A limit of Deno itself that LIMITS.md tells: this fails once it is gone.
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runChild } from "../server/child.ts";
import { isDeno } from "./support.ts";

const LIMITS = fileURLToPath(new URL("../../LIMITS.md", import.meta.url).href);

test.skipIf(!isDeno)(
  "Deno.serve stalls where both bodies stream, as LIMITS.md says (Deno only: it is its server)",
  async () => {
    const { code, stdout } = await runChild("test/contract/children/serve_stall.ts", {
      timeoutMs: 60_000,
    });
    expect(code).toBe(0);
    const version = process.versions["deno"], requests = Number(stdout);
    const mended =
      `Deno ${version} has answered 20 of 20: take "Deno.serve with two streams" out ` +
      "of LIMITS.md, or name the version that has mended it";
    expect(requests, mended).toBeGreaterThan(0);
    const known = /In Deno (\d+\.\d+\.\d+) a handler/.exec(readFileSync(LIMITS, "utf8"))?.[1];
    expect(known, "LIMITS.md names the version that was looked at").toBe(version);
  },
  90_000,
);
