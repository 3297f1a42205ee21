// How late a timer is while much else happens.
import { readFileSync } from "node:fs";
import process from "node:process";

/** Seconds in which this thread was kept from the processor. */
function waited() {
  if (process.platform !== "linux") return 0;
  const [, ns] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ");
  return Number(ns) / 1e9;
}

const percentile = (values, p) => values.sort((a, b) => a - b)[Math.floor(values.length * p)];

/** Seconds of processor time of this process, with its helpers. */
function worked() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * How late a timer of 1 ms is: in all, and without the time in which others had the processor, be
 * it that this thread waited for one or for a helper that did.
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
