// The growth of costs with the number of transfers: the scenarios of `--scale`, and their table.
import { PEERS } from "./scenarios/plans.mjs";
import { markdownTable } from "./tables.mjs";

const SMALL = 98, MOST = 10_000;
/** The numbers of simultaneous transfers. */
export const SIZES = [16, 100, 1000, MOST];
/** The number of descriptors that a client needs besides its connections. */
const OTHER_FILES = 200;
/** The number of descriptors that the largest size needs. */
export const FILES_NEEDED = MOST + OTHER_FILES;

const words = (count) => count.toLocaleString("en");

const busy = SIZES.map((size) => ({
  name: `busy-${size}`,
  title: `answered after 1 ms, ${words(size)} at a time`,
  mode: "requests",
  full: { path: "/delay/1", args: [30_000, size], bytes: 30_000 * SMALL },
  metrics: ["cpuPerRequest", "wallPerRequest"],
}));

const waiting = [SIZES[0], MOST].map((size) => ({
  name: `waiting-${size}`,
  title: `${words(size)} that wait`,
  mode: "hold",
  full: { path: "/hold", args: [size, 2000], bytes: 0 },
  metrics: ["memory"],
}));

const beside = [SIZES[0], MOST].map((size) => ({
  name: `beside-${size}`,
  title: `small GET, one at a time, beside ${words(size)} that wait`,
  mode: "beside",
  full: { path: "/small", waitsAt: "/hold", args: [3000, size], bytes: 3000 * SMALL },
  metrics: ["cpuPerRequest", "wallPerRequest"],
}));

/**
 * The scenarios, in the form of scenarios.mjs. The peers are left out: node-libcurl takes 400 KB
 * for each transfer.
 */
export const GROWTH = [...busy, ...waiting, ...beside].map((scenario) => ({
  ...scenario,
  left: PEERS,
}));

/** The values of each client, in µs, KB and as a multiple. */
export function growthOf(results) {
  const median = (scenario, name, metric) =>
    results.find((result) => result.scenario.name === scenario)?.rows
      .find((row) => row.name === name)?.metrics?.[metric].median ?? NaN;
  return results[0].rows.map(({ name, title }) => {
    const cpu = SIZES.map((size) => median(`busy-${size}`, name, "cpuPerRequest"));
    const memory = [SIZES[0], MOST].map((size) => median(`waiting-${size}`, name, "memory"));
    const waits = [SIZES[0], MOST].map((size) => median(`beside-${size}`, name, "cpuPerRequest"));
    const kilobytes = (memory[1] - memory[0]) * 1e3 / (MOST - SIZES[0]);
    return { name, title, cpu, growth: cpu.at(-1) / cpu[0], kilobytes, waits };
  });
}

const cell = (value, digits) => Number.isNaN(value) ? "–" : value.toFixed(digits);

/** The table of all values. */
export function growthTable(growth) {
  const sizes = SIZES.map(words), most = words(MOST);
  const head = [
    "CPU µs of a request",
    ...sizes.map((size) => `${size} at once`),
    `${most} / ${sizes[0]}`,
    `alone beside ${sizes[0]} that wait`,
    `beside ${most}`,
    "KB for one that waits",
    "more than C",
  ];
  const c = growth.find(({ name }) => name === "c");
  const rows = growth.map(({ title, cpu, growth, kilobytes, waits }) => [
    title,
    ...cpu.map((value) => cell(value, 1)),
    cell(growth, 2),
    ...waits.map((value) => cell(value, 1)),
    cell(kilobytes, 1),
    cell(kilobytes - c.kilobytes, 1),
  ]);
  return markdownTable([head, ...rows]);
}
