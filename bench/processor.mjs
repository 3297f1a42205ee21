// The processor time of other processes, by which noise in a figure is recognized. Linux only:
// elsewhere all values are 0.
import { readFileSync } from "node:fs";
import process from "node:process";

const TICKS = 100; // ticks a second, of /proc

function read(path) {
  return process.platform === "linux" ? readFileSync(path, "utf8") : "";
}

/** Seconds in which the processors worked, or a hypervisor had them. */
export function busySeconds() {
  const [, user, nice, system, , , irq, softirq, steal] = read("/proc/stat").split("\n", 1)[0]
    .split(/\s+/).map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS || 0;
}

/** Seconds of processor time of a process. */
export function secondsOf(pid) {
  const fields = read(`/proc/${pid}/stat`).split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS || 0;
}
