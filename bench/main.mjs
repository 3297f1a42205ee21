// Measures curlew against a C program on the same libcurl, the built-in fetch of both runtimes, and
// undici and node-libcurl on Node.js if they are installed.
//
//   npm run bench
//   npm run bench -- --only get-c16 --only agent-bun
//   npm run bench -- --scale
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pinnedVersions, ROOT } from "../tools/runtimes.mjs";
import { setup } from "../tools/setup.mjs";
import { build } from "./build.mjs";
import { findClients } from "./clients.mjs";
import { HELP, readCommandLine, UsageError } from "./command_line.mjs";
import { writeDocuments, writeGrowth } from "./documents.mjs";
import { FILES_NEEDED, GROWTH, growthOf, growthTable } from "./growth.mjs";
import { install } from "./package.mjs";
import { runRounds, summarizeAll } from "./rounds.mjs";
import { SCENARIOS } from "./scenarios.mjs";
import { startServers } from "./servers.mjs";
import { overviewTable, scenarioTable } from "./tables.mjs";

/** The number of cores used by other processes from which on the machine counts as busy. */
const BUSY_CORES = 0.25;

/** The time after which the short form starts no further scenario. */
const QUICK_MS = 45_000;

/** The items of a list that `--only` selects; all of them without it. */
function chosen(list, only) {
  const asked = list.filter(({ name }) => only.includes(name));
  return asked.length > 0 ? asked : list;
}

/** The clients of a scenario: the selected ones, C, and those that they are compared with. */
function clientsOf({ bare, baseline, left = [] }, clients, only) {
  const real = clients.filter(({ isBare }) => !isBare);
  const wanted = chosen(real, only).filter(({ name }) => name !== "c" && !left.includes(name));
  return clients.filter((client) =>
    client.name === "c" && baseline !== null || wanted.includes(client) ||
    bare && wanted.some((other) => other.bare === client.name)
  );
}

/** The line that tools/library.ts prints, such as `libcurl 7.88.1 (…) from libcurl.so.4`. */
function libraryLine(bun) {
  const args = ["run", "tools/library.ts"];
  const { status, stdout, stderr } = spawnSync(bun, args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr.trim());
  return stdout.trim();
}

/** A remark for figures that were measured on a busy machine. */
function busyWord(results, loadBefore) {
  const most = Math.max(...results.map(({ others }) => others));
  if (most < BUSY_CORES && loadBefore < cpus().length * BUSY_CORES) return "";
  return `\n**The machine was busy with other things**, which used up to ${
    most.toFixed(1)
  } cores ` +
    "meanwhile: take the\nratios as a hint, and the times not at all.";
}

/** Throws unless the process may open as many connections as the largest size needs. */
function checkFiles() {
  const { stdout } = spawnSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" });
  if (Number(stdout) < FILES_NEEDED) {
    throw new Error(`--scale needs ${FILES_NEEDED} descriptors, ulimit -Hn says ${stdout.trim()}`);
  }
}

function circumstances(line, { command, quick }, results, loadBefore) {
  const versions = pinnedVersions(), date = new Date().toISOString().slice(0, 10);
  const [before, after] = [loadBefore, loadavg()[0]].map((load) => load.toFixed(1));
  return `Measured by \`${command}\` on ${date}: ${line.replace(/ from .*/, "")},\n` +
    `Bun ${versions.get("bun")}, Deno ${versions.get("deno")}; ${cpus().length} cores ` +
    `(${cpus()[0].model.trim()}), load ${before} before and ${after} after.` +
    busyWord(results, loadBefore) +
    (quick ? "\nThe short form: less was done than the titles say." : "");
}

async function runAll(bench, { only, quick, scale, rounds, json }) {
  const { clients, absent } = findClients();
  const say = (text) => json || process.stdout.write(`${text}\n`);
  if (absent.length > 0) say(`Left out, since not installed: ${absent.join(", ")}\n`);
  const end = quick ? performance.now() + QUICK_MS : Infinity;
  const results = [];
  for (const scenario of chosen(scale ? GROWTH : SCENARIOS, only)) {
    const plan = quick ? scenario.quick : scenario.full;
    if (!plan) continue;
    if (performance.now() > end) {
      say(`Left out, since the time is over: ${scenario.name}\n`);
      continue;
    }
    const wanted = clientsOf(scenario, clients, only);
    const found = await runRounds(bench, scenario, plan, wanted, rounds);
    results.push(summarizeAll(scenario, found, wanted));
    say(scenarioTable(results.at(-1)));
  }
  return results;
}

function report(results, said, { json, scale, write }, deno) {
  const summary = scale
    ? `### How costs grow\n\n${growthTable(growthOf(results))}`
    : `### All, as multiples of C\n\n${overviewTable(results)}`;
  const figures = results.map(({ scenario, ...rest }) => ({ scenario: scenario.name, ...rest }));
  process.stdout.write(
    json
      ? `${JSON.stringify({ circumstances: said, results: figures }, null, 1)}\n`
      : `${summary}\n\n${said}\n`,
  );
  if (write) (scale ? writeGrowth : writeDocuments)(results, said, deno);
  return results.some(({ rows }) => rows.some(({ errors }) => errors.length > 0)) ? 1 : 0;
}

async function bench(options) {
  const { bun, deno } = setup(), line = libraryLine(bun), load = loadavg()[0];
  if (options.scale) checkFiles();
  const folder = mkdtempSync(join(tmpdir(), "curlew-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const programs = build(folder);
  if (!programs) {
    process.stdout.write("Skipped: there is no C compiler (cc, gcc or clang; or name it in CC)\n");
    return 0;
  }
  const servers = await startServers(programs, folder);
  try {
    const needsPackage = !options.scale &&
      chosen(SCENARIOS, options.only).some(({ installed }) => installed);
    const installed = needsPackage ? install(folder) : null;
    const tools = { ...programs, bun, deno, installed };
    const library = line.replace(/.* from /, "");
    const results = await runAll({ tools, servers, library, folder }, options);
    return report(results, circumstances(line, options, results, load), options, deno);
  } finally {
    for (const server of Object.values(servers)) server.close();
  }
}

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]]) {
  process.on(signal, () => process.exit(code));
}
try {
  const options = readCommandLine(process.argv.slice(2));
  if (options.help) process.stdout.write(HELP);
  else process.exitCode = await bench(options);
} catch (error) {
  const usage = error instanceof UsageError;
  process.stderr.write(`bench: ${error.message}${usage ? "\nTry: npm run bench -- --help" : ""}\n`);
  process.exitCode = usage ? 2 : 1;
}
