// Runs steps one after the other, and prints a summary of their results.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { inModules, ROOT, TITLES } from "./runtimes.mjs";

// a log must not contain escape codes, which are for a terminal
const calm = process.stdout.isTTY ? {} : { NO_COLOR: "1" };
const rows = [];

/**
 * Runs a step under a heading; `judge` makes its result from the exit code. Returns whether it has
 * passed.
 */
export function step(name, [command, ...args], { judge = byStatus, env = {}, timeout } = {}) {
  process.stdout.write(`\n== ${name}\n`);
  const started = performance.now();
  const options = {
    cwd: ROOT,
    env: { ...calm, ...process.env, ...env },
    stdio: "inherit",
    timeout,
  };
  const { status } = spawnSync(command, args, options);
  const time = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const result = judge(status ?? 1);
  process.stdout.write(`== ${name}: ${result.text} in ${time}\n`);
  rows.push({ name, time, ...result });
  return result.ok;
}

const byStatus = (status) => ({ ok: status === 0, text: status === 0 ? "ok" : "FAILED" });

/** Records a step that could not be started. */
export function failure(name, message) {
  process.stdout.write(`\n== ${name}: ${message}\n`);
  rows.push({ name, time: "", ok: false, text: "FAILED" });
}

const words = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

/** The files of a vitest report, none if the run failed before it wrote one. */
function reported(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).testResults;
  } catch {
    return [];
  }
}

const isSkipped = ({ status }) => status !== "passed" && status !== "failed";

/**
 * The counts of a vitest report; a file or a run that fails without a failing test counts as one
 * failure.
 */
function counted(files, status) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { status, assertionResults } of files) {
    const failed = assertionResults.filter((test) => test.status === "failed").length;
    const skipped = assertionResults.filter(isSkipped).length;
    counts.passed += assertionResults.length - failed - skipped;
    counts.failed += status === "failed" ? Math.max(failed, 1) : failed;
    counts.skipped += skipped;
  }
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/** The reporter that names the tests that did not run. */
const NOT_RUN = `--reporter=${join(ROOT, "tools", "not_run_reporter.mjs")}`;
const RUN = { bun: ["--bun"], deno: ["run", "-A"] };

/** Checks that every function of libcurl was called, by the records of test/calls.ts. */
function functionsCalled(name, folder) {
  const exported = new Set(), called = new Set();
  for (const file of readdirSync(folder)) {
    const notes = JSON.parse(readFileSync(join(folder, file), "utf8"));
    for (const name of notes.exported) exported.add(name);
    for (const name of notes.called) called.add(name);
  }
  const missing = [...exported].filter((name) => !called.has(name));
  const ok = exported.size > 0 && missing.length === 0;
  const text = `${called.size} of ${exported.size} called`;
  process.stdout.write(`\n== ${name}: ${text}\n`);
  for (const name of missing) process.stdout.write(`No test calls ${name}()\n`);
  rows.push({ name, time: "", ok, text: ok ? text : `FAILED, ${text}` });
}

/**
 * Runs vitest on a runtime as a step. A `whole` suite must call each function that libcurl exports.
 * `via` is a program that starts the runtime, with its arguments.
 */
export function suite(
  name,
  runtime,
  path,
  args,
  { env, whole = false, via = [], ...options } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "curlew-report-"));
  const calls = join(folder, "calls");
  mkdirSync(calls);
  const report = join(folder, "report.json");
  const vitest = [inModules("vitest", "vitest.mjs"), "run", "--pool", "forks"];
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  // a pattern of names leaves out nearly all, on purpose
  if (!args.some((arg) => /^(?:-t|--testNamePattern)\b/.test(arg))) reporters.push(NOT_RUN);
  const judge = (status) => {
    const counts = counted(reported(report), status);
    return { ok: status === 0, text: words(counts), counts };
  };
  try {
    const command = [...via, path, ...RUN[runtime], ...vitest, ...reporters, ...args];
    const all = { ...env, ...(whole && { CURLEW_CALLS: calls }) };
    const ok = step(`${name} on ${TITLES[runtime]}`, command, { judge, env: all, ...options });
    if (whole) functionsCalled(`${name}: functions of libcurl on ${TITLES[runtime]}`, calls);
    return ok;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prints a line for each step and one for all. Returns the exit code of the whole. */
export function summary() {
  process.stdout.write("\n== Summary\n");
  const width = Math.max(...rows.map(({ name }) => name.length));
  for (const { name, time, text } of rows) {
    process.stdout.write(`${name.padEnd(width)}  ${time.padStart(7)}  ${text}\n`);
  }
  const all = { passed: 0, failed: 0, skipped: 0 };
  for (const { counts } of rows) for (const key in counts) all[key] += counts[key];
  process.stdout.write(`${words(all)}\n`);
  return rows.every(({ ok }) => ok) ? 0 : 1;
}
