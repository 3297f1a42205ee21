// Many small transfers in one process. Prints a sample of the resources after each tenth.
//
//   many.ts URL TOTAL reused|fresh|callbacks
import process from "node:process";
import { Agent, type Easy } from "../../../mod.ts";
import { counters, descriptors, easyFor, say } from "../support.ts";

const [url, total, kind] = process.argv.slice(2) as [string, string, string];
const count = Number(total), WIDTH = 16;

const agent = new Agent();
let left = count, done = 0, failed = 0;

function make(): Easy {
  if (kind !== "callbacks") return easyFor(url);
  // all resources that a handle can own
  return easyFor(url, {
    HTTPHEADER: ["X-One: 1", "X-Two: 2"],
    POSTFIELDS: new Uint8Array(100),
    COPYPOSTFIELDS: "copied",
    HEADERFUNCTION: (bytes) => bytes.length,
    XFERINFOFUNCTION: () => 0,
    NOPROGRESS: 0,
    SOCKOPTFUNCTION: () => 0,
    PRIVATE: { some: "value" },
  });
}

function collect(): void {
  (globalThis as unknown as { Bun?: { gc(force: boolean): void } }).Bun?.gc(true);
}

function sample(): void {
  collect();
  const rss = Math.round(process.memoryUsage().rss / 1024);
  say({ done, failed, rss, fds: descriptors(), ...counters() });
}

async function perform(easy: Easy, signal?: AbortSignal): Promise<void> {
  try {
    await agent.perform(easy, signal ? { signal } : {});
  } catch {
    failed++;
  }
  if (++done % (count / 10) === 0) sample();
}

async function work(): Promise<void> {
  const kept = kind === "reused" ? make() : null;
  const controller = new AbortController();
  while (left-- > 0) {
    if (kept) {
      await perform(kept);
      continue;
    }
    using easy = make();
    await perform(easy, controller.signal);
  }
  kept?.close();
}

const started = performance.now();
await Promise.all(Array.from({ length: WIDTH }, work));
const ms = Math.round(performance.now() - started);
await agent.close();
// on Deno the block of the wait is freed when its thread has returned
const end = performance.now() + 2000;
while ((counters()["blocks"] ?? 0) > 0 && performance.now() < end) {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
say({ ms, turns: agent.stats.turns, ...counters() });
