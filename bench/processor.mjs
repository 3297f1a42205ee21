// The processor time of others, so that a figure can be told from its noise. Linux only: elsewhere
// all of it is 0.
import { readFileSync } from "node:fs";
import process from "node:process";

const TICKS = 100; // of /proc, a second

function read(path) {
  return process.platform === "linux" ? readFileSync(path, "utf8") : "";
}

/** Seconds that the whole machine has worked, or was kept from it. */
export function busySeconds() {
  const [, user, nice, system, , , irq, softirq, steal] = read("/proc/stat").split("\n", 1)[0]
    .split(/\s+/).map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS || 0;
}

/** Seconds that a process has worked. */
export function secondsOf(pid) {
  const fields = read(`/proc/${pid}/stat`).split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS || 0;
}
