// The misuse fuzzer: random public calls. Each run is a process with a seed.
//
//   npm run fuzz                                 200,000 calls on each runtime
//   npm run fuzz -- --quick                      what CI runs
//   npm run fuzz -- --seed 7 --runtime bun       repeats one run
//
// The options are described by --help.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { unpacked } from "./matrix/unpacked.mjs";
import { ROOT, RUNTIMES, TITLES } from "./runtimes.mjs";
import { setup } from "./setup.mjs";

const PLANTS = ["crash", "hang", "rejection", "uncaught", "class", "unsettled", "exit"];
const HELP = `npm run fuzz -- OPTIONS
  --calls N       calls on each runtime, 200000 unless given; those inside callbacks come on top
  --seed N        of the first run; alone, that run only. The clock's unless given
  --runtime NAME  bun or deno, both unless given
  --quick         3,000 calls on each, always the same ones
  --library NAME  a libcurl of the matrix, such as 8.14.1, which has WebSocket
  --malloc        with glibc's malloc checking and perturbing
  --gc-stress     garbage is collected all the time
  --hang SECONDS  how long a call may take, 60 unless given
  --log PATH      keeps the calls of the last run there
  --plant NAMES   defects on purpose, one in each run: ${PLANTS.join(",")}`;

const { values: given } = parseArgs({
  options: {
    calls: { type: "string" },
    seed: { type: "string" },
    runtime: { type: "string" },
    quick: { type: "boolean" },
    library: { type: "string" },
    malloc: { type: "boolean" },
    "gc-stress": { type: "boolean" },
    hang: { type: "string", default: "60" },
    log: { type: "string" },
    plant: { type: "string", default: "" },
    help: { type: "boolean" },
  },
});

if (given.help) {
  process.stdout.write(`${HELP}\n`);
  process.exit(0);
}

const plants = given.plant.split(",");
const PER_RUN = given.plant === "" ? 2000 : 30, QUICK = 3000, ALL = 200_000, LAST_CALLS = 15;
const alone = given.seed !== undefined && given.calls === undefined;
const calls = Number(given.calls ?? (alone ? plants.length * PER_RUN : given.quick ? QUICK : ALL));
const seed = Number(given.seed ?? (given.quick ? 1 : Date.now() % 1_000_000_000));
const hangMs = Number(given.hang) * 1000;
if (![calls, seed, hangMs].every(Number.isFinite)) throw new Error("expected a number");

const paths = setup();
const library = given.library ? await unpacked(given.library) : null;
const MALLOC_DEBUG = ["x86_64", "aarch64"]
  .map((machine) => `/lib/${machine}-linux-gnu/libc_malloc_debug.so.0`).find(existsSync);

/**
 * The settings of the garbage collectors with --gc-stress; both also collect after each tenth call.
 */
const STRESS = {
  bun: { BUN_JSC_slowPathAllocsBetweenGCs: "20", BUN_JSC_sweepSynchronously: "true" },
  deno: ["--gc-interval=2000", "--stress-compaction"],
};

function environment(runtime) {
  const { http_proxy: _a, https_proxy: _b, all_proxy: _c, ALL_PROXY: _d, ...env } = process.env;
  env.CURLEW_DEBUG = "1"; // the library checks its invariants after every turn
  if (library) env.CURLEW_LIBRARY = library.library;
  if (given.malloc) {
    // since glibc 2.34 malloc's checks are in a library of their own
    Object.assign(env, MALLOC_DEBUG ? { LD_PRELOAD: MALLOC_DEBUG } : {}, {
      GLIBC_TUNABLES: "glibc.malloc.check=3:glibc.malloc.perturb=165",
    });
  }
  if (given["gc-stress"] && runtime === "bun") Object.assign(env, STRESS.bun);
  return env;
}

function command(runtime) {
  const child = join(ROOT, "test", "fuzz", "child.ts");
  if (runtime === "bun") return ["run", child];
  const flags = ["--expose-gc", ...(given["gc-stress"] ? STRESS.deno : [])];
  const config = ["--config", join(ROOT, "deno.json"), "--no-check", "--no-lock"];
  return ["run", "-A", ...config, `--v8-flags=${flags.join(",")}`, child];
}

const running = new Set();
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** Ends `child` if its log has not grown for too long. */
function watchLog(child, log) {
  let size = 0, since = Date.now(), hung = false;
  const timer = setInterval(() => {
    const now = existsSync(log) ? statSync(log).size : 0;
    // the start of the process is not counted as a call
    if (now !== size || now === 0) [size, since] = [now, Date.now()];
    if (Date.now() - since < hangMs) return;
    hung = true;
    child.kill("SIGKILL");
  }, 250);
  return () => {
    clearInterval(timer);
    return hung;
  };
}

/** Runs once; returns the fault, or `null`. */
function play(runtime, ports, number, count, folder) {
  const log = join(folder, `${runtime}.log`);
  rmSync(log, { force: true });
  const options = {
    seed: number,
    calls: count,
    log,
    ports,
    gcEvery: given["gc-stress"] ? 10 : 50,
    plant: plants[(number - seed) % plants.length],
    settleMs: hangMs / 2,
  };
  const binary = library?.runtimes?.[runtime] ?? paths[runtime];
  const child = spawn(binary, [...command(runtime), JSON.stringify(options)], {
    cwd: mkdtempSync(join(folder, "run-")),
    env: environment(runtime),
    stdio: ["ignore", "ignore", "pipe"], // without a WRITEFUNCTION bodies go to stdout
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => said = (said + text).slice(-1500));
  running.add(child);
  const hung = watchLog(child, log);
  return new Promise((resolve) => {
    child.once("close", (code, signal) => {
      running.delete(child);
      const lines = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [];
      if (given.log) writeFileSync(given.log, `${lines.join("\n")}\n`);
      resolve({ ...judge(lines, hung(), code, signal), lines, said });
    });
  });
}

/** A run has passed only if it reports that it has reached its end. */
function judge(lines, hung, code, signal) {
  const last = lines.at(-1) ?? "";
  const figures = last.startsWith("END ") ? JSON.parse(last.slice(4)) : null;
  if (hung) return { figures, wrong: "hang" };
  if (figures === null) return { figures, wrong: `crash: ${signal ?? `exit ${code}`}` };
  if (figures.failures > 0) return { figures, wrong: `${figures.failures} failures` };
  return { figures, wrong: code === 0 ? null : `exit ${code}` };
}

function replay(runtime, number, count) {
  const flags = ["malloc", "gc-stress"].filter((flag) => given[flag]).map((flag) => ` --${flag}`);
  if (count !== PER_RUN) flags.push(` --calls ${count}`);
  if (library) flags.push(` --library ${given.library}`);
  return `npm run fuzz -- --seed ${number} --runtime ${runtime}${flags.join("")}`;
}

function report(runtime, number, count, { wrong, lines, said }) {
  const failures = lines.map((line) => line.trimStart()).filter((line) =>
    line.startsWith("FAILED")
  );
  const ended = lines.at(-1)?.startsWith("END ");
  const shown = [...failures, ...(ended ? [] : lines.slice(-LAST_CALLS))];
  process.stdout.write(`${TITLES[runtime]}: seed ${number}: ${wrong}\n`);
  for (const line of shown) process.stdout.write(`    ${line.slice(0, 400)}\n`);
  if (!ended && said) process.stdout.write(`  it said: ${said}\n`);
  process.stdout.write(`  again: ${replay(runtime, number, count)}\n`);
}

/** Makes all runs on one runtime, one after the other. */
async function fuzz(runtime, ports, folder) {
  let done = 0, nested = 0, failed = 0;
  const ends = {}, started = Date.now();
  for (let number = seed; done < calls; number++) {
    const count = Math.min(PER_RUN, calls - done);
    const result = await play(runtime, ports, number, count, folder);
    done += count;
    nested += result.figures?.nested ?? 0;
    for (const [how, often] of Object.entries(result.figures?.ends ?? {})) {
      ends[how] = (ends[how] ?? 0) + often;
    }
    if (result.wrong === null) continue;
    failed++;
    report(runtime, number, count, result);
  }
  const seconds = Math.round((Date.now() - started) / 1000);
  const runs = Math.ceil(calls / PER_RUN);
  process.stdout.write(
    `${
      TITLES[runtime]
    }: ${done} calls and ${nested} in callbacks, ${runs} runs from seed ${seed}, ` +
      `${seconds} s: ${failed === 0 ? "nothing found" : `${failed} runs failed`}\n`,
  );
  const most = Object.entries(ends).sort(([, a], [, b]) => b - a).slice(0, 12);
  process.stdout.write(`  ${most.map(([how, often]) => `${often} ${how}`).join(", ")}\n`);
  return failed;
}

/** Starts the suite's own servers, in a process that ends with this one. */
function startServers() {
  const main = join(ROOT, "test", "server", "main.mjs");
  const child = spawn(process.execPath, [main], { stdio: ["pipe", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the servers ended with ${code}`)));
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
      if (text.includes("\n")) resolve({ ports: JSON.parse(text), child });
    });
  });
}

const folder = mkdtempSync(join(tmpdir(), "curlew-fuzz-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const { ports, child: servers } = await startServers();
const runtimes = given.runtime ? [given.runtime] : RUNTIMES;
const failed = await Promise.all(runtimes.map((runtime) => fuzz(runtime, ports, folder)));
if (servers.exitCode !== null) {
  process.stdout.write(`The servers did not live to see the end: exit ${servers.exitCode}\n`);
  failed.push(1);
}
servers.stdin.end();
process.exit(failed.some((count) => count > 0) ? 1 : 0);
