// Nothing is left of a transfer: neither memory nor descriptors nor an entry in a table.
// CURLEW_FULL=1 runs 100,000 transfers of each kind.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runChild } from "../server/child.ts";
import { useServer } from "../use.ts";
import { isFull } from "./support.ts";

const server = useServer("http");

const many = fileURLToPath(new URL("./children/many.ts", import.meta.url));
const COUNTS: Readonly<Record<string, number>> = isFull
  ? { reused: 100_000, fresh: 100_000, callbacks: 100_000 }
  : { reused: 20_000, fresh: 60_000, callbacks: 10_000 };

interface Sample {
  readonly done: number;
  readonly failed: number;
  /** In KiB. */
  readonly rss: number;
  readonly fds: number;
  readonly [counter: string]: number;
}

const TABLES = ["blocks", "lists", "callbacks", "easies", "multis", "hooks", "tokens"];

test.each(Object.entries(COUNTS))(
  "small transfers leave nothing behind, with %s handles",
  async (kind, count) => {
    const child = await runChild(many, {
      args: [server.url("/small"), String(count), kind],
      // V8's young generation grows to 80 MiB with the load, and would hide a leak of that size
      env: { DENO_V8_FLAGS: "--max-semi-space-size=2", CURLEW_DEBUG: "0" }, // as a user has it
      timeoutMs: isFull ? 120_000 : 60_000,
    });
    expect(child, child.stderr).toMatchObject({ code: 0, stderr: "", timedOut: false });
    const lines = child.stdout.trim().split("\n").map((line) => JSON.parse(line));
    const samples = lines.slice(0, -1) as Sample[], end = lines.at(-1);
    expect(samples.map(({ done }) => done)).toEqual(
      Array.from({ length: 10 }, (_, i) => (i + 1) * count / 10),
    );
    // the first half warms up: the heap of V8 grows for some 30,000 handles
    const first = samples[5] as Sample, last = samples[9] as Sample;
    console.log(
      `${count} ${kind}: ${end.ms} ms, RSS in MiB`,
      samples.map(({ rss }) => Math.round(rss / 1024)).join(" "),
      `descriptors ${samples.map(({ fds }) => fds).join(" ")}`,
    );
    expect(last.failed).toBe(0);
    expect(last.fds).toBeLessThanOrEqual(first.fds + 4); // Deno opens a few of its own
    for (const name of TABLES) {
      // a sample falls between the transfers of sixteen handles
      expect(Math.abs(last[name]! - first[name]!), name).toBeLessThanOrEqual(16 * 8);
    }
    expect(last.rss - first.rss).toBeLessThan(8 * 1024);
    expect(end).toMatchObject({
      blocks: 0,
      lists: 0,
      easies: 0,
      multis: 0,
      hooks: 0,
      tokens: 0,
    });
  },
  isFull ? 130_000 : 70_000,
);
