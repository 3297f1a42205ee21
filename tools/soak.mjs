// The load test: 10,000 transfers at once, then a million mixed ones, on Bun and on Deno.
//
//   npm run soak
//   npm run soak -- --transfers 100000 --minutes 5 --runtime deno
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { chart } from "../test/soak/chart.mjs";
import { judge } from "../test/soak/judge.mjs";
import { ROOT, RUNTIMES, TITLES } from "./runtimes.mjs";
import { setup } from "./setup.mjs";

const HELP = `Runs 10,000 transfers at once, then a million of all kinds, and looks whether anything
is lost or left behind. The exit code is 1 where it is, 2 for bad arguments.

Usage: npm run soak [-- options]

  --transfers N        mixed transfers on each runtime, 1000000 unless given
  --minutes M          how long they may take on each runtime, 60 unless given: then fewer are made
  --at-once N          transfers at once, 10000 unless given; 0 for none
  --runtime bun|deno   one runtime only
  --seed N             another order of the kinds
  --chart FILE         plot what the processes held as an SVG
  --help               show this
`;

const OPTIONS = {
  transfers: { type: "string", default: "1000000" },
  minutes: { type: "string", default: "60" },
  "at-once": { type: "string", default: "10000" },
  runtime: { type: "string" },
  seed: { type: "string", default: "1" },
  chart: { type: "string" },
  help: { type: "boolean", short: "h" },
};

function usage(message) {
  process.stderr.write(`${message}\nTry: npm run soak -- --help\n`);
  process.exit(2);
}

function readCommandLine() {
  let values;
  try {
    values = parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    usage(error.message);
  }
  for (const name of ["transfers", "minutes", "at-once", "seed"]) {
    if (!/^\d{1,9}$/.test(values[name])) usage(`--${name} takes a number, not "${values[name]}"`);
  }
  const { runtime } = values;
  if (runtime !== undefined && !RUNTIMES.includes(runtime)) {
    usage(`--runtime takes bun or deno, not "${runtime}"`);
  }
  return { ...values, runtimes: runtime ? [runtime] : RUNTIMES };
}

const RUN = { bun: ["run"], deno: ["run", "-A", "--no-check"] };
// V8's young generation grows with the load, and could hide a leak of that size
const ENV = { DENO_V8_FLAGS: "--expose-gc,--max-semi-space-size=2" };

/**
 * Runs a program on a runtime, and passes each line of JSON to `tell`. Returns whether it has
 * succeeded.
 */
async function run(path, runtime, file, args, tell) {
  // raises the limit of descriptors to the largest that this user may have
  const command = ["-c", 'ulimit -n "$(ulimit -Hn)"; exec "$@"', "sh", path, ...RUN[runtime]];
  const child = spawn("sh", [...command, join(ROOT, "test", "soak", file), ...args.map(String)], {
    env: { ...process.env, ...ENV },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => child.kill(signal));
  const ended = new Promise((resolve) => child.once("close", resolve));
  for await (const line of createInterface(child.stdout)) tell(JSON.parse(line));
  return await ended === 0;
}

const say = (text) => process.stdout.write(`${text}\n`);

/**
 * Runs all transfers at once, and checks that none is lost or repeated, and that all bodies are
 * right.
 */
async function atOnce(path, runtime, count) {
  let result;
  const ok = await run(path, runtime, "concurrent.ts", [count], (line) => result ??= line);
  say(`${TITLES[runtime]}, ${count} at once: ${JSON.stringify(result)}`);
  return ok && result?.right === count && result.endedOnce === count && result.seen.most === 1;
}

async function mixed(path, runtime, { transfers, minutes, seed }) {
  const samples = [];
  let result;
  const started = performance.now();
  const ok = await run(path, runtime, "main.ts", [transfers, minutes * 60, seed], (line) => {
    if ("at" in line) samples.push(line);
    else result = line;
  });
  const seconds = Math.round((performance.now() - started) / 1000);
  const { ended = 0, failed, failures = [], done } = result ?? {};
  say(
    `${TITLES[runtime]}: ${ended} transfers in ${seconds} s, ${failed ?? "?"} not as they should`,
  );
  for (const failure of failures) say(`  ${failure}`);
  for (const name in done) say(`  ${String(done[name]).padStart(8)}  ${name}`);
  const figures = judge(samples);
  if (!figures) say("  too few samples to tell a leak");
  for (const { title, first, last, ok } of figures ?? []) {
    say(`  ${ok ? "flat" : "GROWS"}: ${title}, ${first} and ${last}`);
  }
  const flat = figures === null || figures.every(({ ok }) => ok);
  return { runtime, samples, ended, ok: ok && flat };
}

const options = readCommandLine();
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const paths = setup();
const count = Number(options["at-once"]), runs = [];
let ok = true;
for (const runtime of options.runtimes) {
  if (count > 0) ok = await atOnce(paths[runtime], runtime, count) && ok;
  runs.push(await mixed(paths[runtime], runtime, options));
}
if (options.chart) writeFileSync(options.chart, chart(runs));
process.exit(ok && runs.every((one) => one.ok) ? 0 : 1);
