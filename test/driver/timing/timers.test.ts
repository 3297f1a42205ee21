// The application's own timers beside transfers that run flat out. What is measured holds on a busy
// machine: how long this thread kept a timer waiting, without the time in which others ran.
import { readFileSync } from "node:fs";
import process from "node:process";
import { expect, test } from "vitest";
import { Agent, fetch } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { cpuMs, easyFor, sleep } from "../support.ts";

const server = useServer("http");

/** How long the main thread has waited for a processor, in ms; 0 where the system does not tell. */
function waitedMs(): number {
  if (process.platform !== "linux") return 0;
  const [, waited] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ");
  return Number(waited) / 1e6;
}

interface Gap {
  /** From the call of `setTimeout` until it fired. */
  readonly wall: number;
  /** The same without the time of other processes: more than the thread can have worked. */
  readonly own: number;
}

/** What a timer of 1 ms sees for so long, or so often. */
async function gapsIn(ms: number, most: number): Promise<Gap[]> {
  const gaps: Gap[] = [], end = performance.now() + ms;
  while (gaps.length < most && performance.now() < end) {
    const cpu = cpuMs(), waited = waitedMs(), start = performance.now();
    await sleep(1);
    const wall = performance.now() - start;
    gaps.push({ wall, own: Math.min(wall - (waitedMs() - waited), cpuMs() - cpu) });
  }
  return gaps;
}

function percentile(gaps: Gap[], of: keyof Gap, p: number): number {
  const values = gaps.map((gap) => gap[of]).sort((a, b) => a - b);
  return values[Math.floor(values.length * p)] as number;
}

type Load = (agent: Agent, url: string, signal: AbortSignal) => Promise<unknown>;

const perform: Load = async (agent, url, signal) => {
  using easy = easyFor(url, { TIMEOUT_MS: 0 });
  await agent.perform(easy, { signal });
};

const read: Load = async (agent, url, signal) => {
  const reader = (await fetch(url, { agent, signal })).body!.getReader();
  while (!(await reader.read()).done) continue;
};

const LOADS: [name: string, path: string, load: Load][] = [
  ["small transfers", "/small", perform],
  ["transfers of 100 kB", "/bytes/100000", perform],
  ["endless transfers", "/bytes/1000000000000", perform],
  ["endless responses of fetch", "/bytes/1000000000000", read],
];

test.each(LOADS)("a timer of 1 ms fires while 64 %s run flat out", async (name, path, load) => {
  process.env["CURLEW_DEBUG"] = "0"; // what is measured is what a user gets
  await using agent = new Agent();
  const controller = new AbortController(), { signal } = controller;
  const running = Array.from({ length: 64 }, async () => {
    while (!signal.aborted) await load(agent, server.url(path), signal).catch(() => {});
  });
  await sleep(200);
  const gaps = await gapsIn(1000, 300);
  controller.abort();
  await Promise.all(running);
  const figures = (["wall", "own"] as const).map((of) =>
    `${of} ${[0.5, 0.9, 0.99].map((p) => percentile(gaps, of, p).toFixed(1)).join(", ")}`
  );
  console.log(`64 ${name}: p50, p90, p99 of ${gaps.length} in ms: ${figures.join("; ")}`);
  // 1 to 3 ms where the machine is calm; 20 to 120 where one call may go on with all 64. The 99th
  // percentile is told by `npm run bench -- --only fairness`: here there may be too few of them
  expect(percentile(gaps, "own", 0.5)).toBeLessThan(10);
}, 30_000);
