// The queue for items of which there may be many, and that no other queue is used for them.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Fifo } from "../src/fifo.ts";

const SOURCES = fileURLToPath(new URL("../src/", import.meta.url));

test("gives the items in their order, whatever was done between", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor(seed / 0x80000000 * below);
  };
  const model = [1, 2, 3], queue = new Fifo([...model]);
  let longest = 0;
  for (let step = 0; step < 50_000; step++) {
    // it grows and shrinks in turns
    const kind = random(1000), grows = step % 2000 < 1000;
    if (kind < (grows ? 600 : 400)) {
      model.push(step);
      queue.push(step);
    } else if (kind < 900) expect(queue.shift()).toBe(model.shift());
    else if (kind < 999 && model.length > 0) queue.replaceFirst(model[0] = -step);
    else if (kind === 999 && model.length > 200) {
      model.length = 0;
      queue.clear();
    }
    longest = Math.max(longest, model.length);
    expect([queue.length, queue.first]).toEqual([model.length, model[0]]);
  }
  expect(longest).toBeGreaterThan(200);
});

/** The shortest time, of some, to fill a queue and to empty it, for each item. */
function costOf(count: number): number {
  const times = [1, 2, 3, 4].map(() => {
    const start = performance.now(), queue = new Fifo<number>();
    for (let i = 0; i < count; i++) queue.push(i);
    while (queue.length > 0) queue.shift();
    return performance.now() - start;
  });
  return Math.min(...times) / count;
}

// with `Array.shift` it is 100 times the cost on V8
test("an item costs about the same in a queue of 20 times the length", () => {
  costOf(20_000);
  expect(costOf(400_000) / costOf(20_000)).toBeLessThan(12);
});

/** Calls that move all items of an array to remove or add one at its start. */
const MOVES = /\.shift\(\)|\.unshift\(|\.splice\(0, /;
/** A Fifo, or a list that the pattern of one URL limits. */
const ALLOWED = ["command/make/glob.ts"];

test("no file removes or adds items at the start of an array", async () => {
  const names = await readdir(SOURCES, { recursive: true });
  const found: string[] = [];
  for (const name of names.filter((name) => name.endsWith(".ts"))) {
    const path = name.replaceAll("\\", "/"), text = await readFile(join(SOURCES, name), "utf8");
    if (
      /^import .*\bFifo\b/m.test(text) || path === "fifo.ts" || path === "handles/multi/multi.ts"
    ) {
      continue;
    }
    if (MOVES.test(text)) found.push(path);
  }
  expect(found).toEqual(ALLOWED);
});
