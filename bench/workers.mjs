// What a second core gains examples/scale/workers.ts: the same pages by one Worker and by two, in
// turn, on both runtimes. A second core gains nothing where others use it already: a round counts
// only if they took less than a quarter of a core meanwhile, and is done again if they took more.
//
//   node bench/workers.mjs [ROUNDS] [MINUTES]
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { cpus } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { ROOT, RUNTIMES, TITLES } from "../tools/runtimes.mjs";
import { setup } from "../tools/setup.mjs";
import { busySeconds, secondsOf } from "./processor.mjs";

const EXAMPLE = join(ROOT, "examples", "scale", "workers.ts");
const PAGES = 200, URLS = 1000, WORDS = 3_000, WORKERS = [1, 2];
const RUN = { bun: [], deno: ["run", "--allow-ffi", "--allow-read"] };

/** From here on others are in the way. */
const BUSY_CORES = 0.25;

const [rounds, minutes] = [process.argv[2] ?? 5, process.argv[3] ?? 10].map(Number);
if (!(rounds >= 1) || !(minutes > 0)) throw new Error("Usage: workers.mjs [ROUNDS] [MINUTES]");
const paths = setup();

/** A page of HTML with some 50 kB of words, most of them seldom. */
function page(number) {
  const word = (i) => `w${((i * 7919 + number * 104_729) % 3001).toString(26)}`.replace(/\d/g, "x");
  const words = Array.from({ length: WORDS }, (_, i) => word(i));
  return `<title>${number}</title><p>${
    words.join(" ").replaceAll(" wx", "</p>\n<p class=x> wx")
  }</p>`;
}

const pages = Array.from({ length: PAGES }, (_, number) => page(number));
const server = createServer((request, response) => {
  response.setHeader("Content-Type", "text/html");
  response.end(pages[Number(request.url.slice(1))]);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;
const urls = Array.from({ length: URLS }, (_, number) => `${origin}/${number % PAGES}`);

/** Runs the example: its own seconds, and the cores that everything else took meanwhile. */
function measure(runtime, workers) {
  const args = [...RUN[runtime], EXAMPLE, String(workers), ...urls];
  const begun = performance.now(), busy = busySeconds(), own = process.cpuUsage();
  const child = spawn(paths[runtime], args, { stdio: ["ignore", "pipe", "inherit"] });
  let stdout = "", used = 0;
  child.stdout.setEncoding("utf8").on("data", (chunk) => stdout += chunk);
  const looking = setInterval(() => used = secondsOf(child.pid) || used, 20);
  return new Promise((resolve, reject) => {
    child.once("exit", () => clearInterval(looking));
    child.once("close", (code) => {
      const [, count, seconds] = /^(\d+) pages with \d+ words in ([\d.]+) s/.exec(stdout) ?? [];
      if (code !== 0 || Number(count) !== URLS) return reject(new Error(`${runtime}: ${stdout}`));
      const { user, system } = process.cpuUsage(own), wall = (performance.now() - begun) / 1000;
      const others = (busySeconds() - busy - used - (user + system) / 1e6) / wall;
      resolve({ seconds: Number(seconds), others: Math.max(0, others) });
    });
  });
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const spread = (list) => `${Math.min(...list).toFixed(2)}–${Math.max(...list).toFixed(2)}`;
const cell = (list) => `${median(list).toFixed(2)} (${spread(list)})`;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The cores that others take, over a second. */
async function othersNow() {
  const busy = busySeconds();
  await sleep(1000);
  return busySeconds() - busy;
}

/** One Worker and two: their seconds, and what others took at most. */
async function pair(runtime, isTurned) {
  const found = {};
  for (const workers of isTurned ? WORKERS.toReversed() : WORKERS) {
    found[workers] = await measure(runtime, workers);
  }
  const [one, two] = WORKERS.map((workers) => found[workers]);
  return { one: one.seconds, two: two.seconds, others: Math.max(one.others, two.others) };
}

const end = performance.now() + minutes * 60_000, found = { bun: [], deno: [] };
const isMissing = (runtime) => found[runtime].length < rounds;
let tried = 0;
while (RUNTIMES.some(isMissing) && performance.now() < end) {
  if (await othersNow() > BUSY_CORES) continue;
  for (const runtime of RUNTIMES.filter(isMissing)) {
    const result = await pair(runtime, ++tried % 2 === 0);
    if (result.others < BUSY_CORES) found[runtime].push(result);
  }
}
server.close();

console.log(
  "|  | rounds | 1 Worker, s | 2 Workers, s | gain |\n| --- | ---: | ---: | ---: | ---: |",
);
for (const [runtime, results] of Object.entries(found)) {
  if (results.length === 0) continue;
  const cells = [({ one }) => one, ({ two }) => two, ({ one, two }) => one / two];
  const row = cells.map((of) => cell(results.map(of))).join(" | ");
  console.log(`| ${TITLES[runtime]} | ${results.length} | ${row} |`);
}
const counted = found.bun.length + found.deno.length;
console.log(
  `\nMedians (smallest–largest) of the ${counted} of ${tried} rounds in which others took less ` +
    `than ${BUSY_CORES} cores:\n${URLS} pages of ${Math.round(pages[0].length / 1000)} kB, ` +
    `${cpus().length} cores (${cpus()[0].model.trim()}), the server on one of them.`,
);
process.exitCode = RUNTIMES.some(isMissing) ? 1 : 0;
