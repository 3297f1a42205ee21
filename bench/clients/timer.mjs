// The delay of a timer during transfers.
import { readFileSync } from "node:fs";
import process from "node:process";

/** Seconds in which this thread waited for a processor. */
function waited() {
  if (process.platform !== "linux") return 0;
  const [, ns] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ");
  return Number(ns) / 1e9;
}

const percentile = (values, p) => values.sort((a, b) => a - b)[Math.floor(values.length * p)];

/** Seconds of processor time of this process, all threads included. */
function worked() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Measures the delay of a timer of 1 ms: in all, and without the time in which other processes had
 * the processor that this thread, or a thread it waited for, needed.
 */
export async function timer(ms) {
  const wall = [], own = [], end = performance.now() + ms;
  while (performance.now() < end) {
    const kept = waited(), did = worked(), set = performance.now();
    await sleep(1);
    wall.push((performance.now() - set) / 1e3);
    own.push(Math.min(wall.at(-1) - (waited() - kept), worked() - did));
  }
  return { timerWall: percentile(wall, 0.99), timerOwn: percentile(own, 0.99) };
}
