// The gain of a second core for examples/scale/workers.ts: the same pages by one Worker and by two,
// in turn, on both runtimes. While other processes use the second core there is no gain, so their
// share is printed too; the processor time of the same work is the cost of a second Worker in any
// case.
//
//   node bench/workers.mjs [ROUNDS]
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

const rounds = Number(process.argv[2] ?? 5);
if (!(rounds >= 1)) throw new Error("Usage: workers.mjs [ROUNDS]");
const paths = setup();

/** A page of HTML with about 50 kB of words, most of them rare. */
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

/**
 * Runs the example. Returns its seconds, its processor seconds, and the cores that others used
 * meanwhile.
 */
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
      resolve({ wall: Number(seconds), processor: used, others: Math.max(0, others) });
    });
  });
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const spread = (list) => `${Math.min(...list).toFixed(2)}–${Math.max(...list).toFixed(2)}`;
const cell = (list) => `${median(list).toFixed(2)} (${spread(list)})`;

const found = { bun: [], deno: [] };
for (let round = 0; round < rounds; round++) {
  for (const runtime of RUNTIMES) {
    const pair = {};
    for (const workers of round % 2 === 0 ? WORKERS : WORKERS.toReversed()) {
      pair[workers] = await measure(runtime, workers);
    }
    found[runtime].push(pair);
  }
}
server.close();

console.log("|  | 1 Worker, s | 2 Workers, s | gain | processor time |");
console.log("| --- | ---: | ---: | ---: | ---: |");
for (const [runtime, pairs] of Object.entries(found)) {
  const columns = [
    (pair) => pair[1].wall,
    (pair) => pair[2].wall,
    (pair) => pair[1].wall / pair[2].wall,
    (pair) => pair[2].processor / pair[1].processor,
  ];
  const row = columns.map((column) => cell(pairs.map(column))).join(" | ");
  console.log(`| ${TITLES[runtime]} | ${row} |`);
}
const others = Object.values(found).flat().flatMap((pair) => WORKERS.map((n) => pair[n].others));
console.log(
  `\nMedians of ${rounds} rounds in turn (smallest–largest): ${URLS} pages of ` +
    `${Math.round(pages[0].length / 1000)} kB,\n${cpus().length} cores (${
      cpus()[0].model.trim()
    }), ` +
    `the server on one of them. Others took ${cell(others)} cores.`,
);
