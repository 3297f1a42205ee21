// The one command: every check, then the suite on Bun and on Deno.
//
//   npm test
//   npm test -- test/driver -t "wakes up"    arguments go to vitest
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { inModules, ROOT, RUNTIMES, TITLES } from "./runtimes.mjs";
import { setup } from "./setup.mjs";

const paths = setup();
const DOORS = ["mod.ts", "ffi/mod.ts", "src/constants.ts"];
const CHECKS = [
  ["libcurl on Bun", paths.bun, "run", "tools/library.ts"],
  ["libcurl on Deno", paths.deno, "run", "-A", "tools/library.ts"],
  ["type check", process.execPath, inModules("typescript", "bin", "tsc"), "--noEmit"],
  ["deno check", paths.deno, "check", "--quiet", ...DOORS],
  ["lint", paths.deno, "lint", "--quiet"],
  ["format", paths.deno, "fmt", "--check"],
  ["doc comments", process.execPath, "tools/doc_lint.mjs", ...DOORS],
];

// a log is read by people: escape codes are for a terminal
const env = process.stdout.isTTY ? process.env : { NO_COLOR: "1", ...process.env };
const rows = [];

/** Runs a step under a heading; `judge` gives its result from the exit code. */
function step(name, judge, command, ...args) {
  process.stdout.write(`\n== ${name}\n`);
  const started = performance.now();
  const { status } = spawnSync(command, args, { cwd: ROOT, env, stdio: "inherit" });
  const time = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const result = judge(status ?? 1);
  process.stdout.write(`== ${name}: ${result.text} in ${time}\n`);
  rows.push({ name, time, ...result });
  return result.ok;
}

const byStatus = (status) => ({ ok: status === 0, text: status === 0 ? "ok" : "FAILED" });

const words = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

/** Counts a vitest report; a file or a run that fails without a failing test counts as one. */
function counted(file, status) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    for (const { status, assertionResults } of JSON.parse(readFileSync(file, "utf8")).testResults) {
      const failed = assertionResults.filter((test) => test.status === "failed").length;
      const passed = assertionResults.filter((test) => test.status === "passed").length;
      counts.passed += passed;
      counts.failed += status === "failed" ? Math.max(failed, 1) : failed;
      counts.skipped += assertionResults.length - passed - failed;
    }
  } catch {
    // no report: the run itself broke
  }
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

const RUN = { bun: ["--bun"], deno: ["run", "-A"] };
const folder = mkdtempSync(join(tmpdir(), "curlew-report-"));

function suite(runtime) {
  const report = join(folder, `${runtime}.json`);
  const vitest = [inModules("vitest", "vitest.mjs"), "run", "--pool", "forks"];
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const judge = (status) => {
    const counts = counted(report, status);
    return { ok: status === 0, text: words(counts), counts };
  };
  const args = [...vitest, ...reporters, ...process.argv.slice(2)];
  step(`suite on ${TITLES[runtime]}`, judge, paths[runtime], ...RUN[runtime], ...args);
}

function summary() {
  process.stdout.write("\n== Summary\n");
  const width = Math.max(...rows.map(({ name }) => name.length));
  for (const { name, time, text } of rows) {
    process.stdout.write(`${name.padEnd(width)}  ${time.padStart(7)}  ${text}\n`);
  }
  const all = { passed: 0, failed: 0, skipped: 0 };
  for (const { counts } of rows) for (const key in counts) all[key] += counts[key];
  process.stdout.write(`${words(all)}\n`);
}

try {
  const [bun, deno, ...checks] = CHECKS;
  // without a libcurl everything else would fail with the same words
  if (!step(bun[0], byStatus, ...bun.slice(1))) process.exit(1);
  for (const [name, ...command] of [deno, ...checks]) step(name, byStatus, ...command);
  for (const runtime of RUNTIMES) suite(runtime);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
summary();
process.exit(rows.every(({ ok }) => ok) ? 0 : 1);
