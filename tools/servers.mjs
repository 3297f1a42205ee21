// The integration suite: starts real servers of the distribution once, and runs the tests of
// test/servers on Bun and on Deno.
//
//   npm run test:servers
//   npm run test:servers -- --only ftp      only files whose names begin with it
//   npm run test:servers -- --library sid   with a libcurl of the matrix
//   npm run test:servers -- -t "resume"     other arguments go to vitest
import { spawn, spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import process from "node:process";
import { unpacked } from "./matrix/unpacked.mjs";
import { ROOT, RUNTIMES } from "./runtimes.mjs";
import { suite, summary } from "./report.mjs";
import { setup } from "./setup.mjs";

const rest = process.argv.slice(2);

/** Removes an option and its value from the arguments, and returns the value. */
function option(name) {
  const at = rest.indexOf(name);
  return at < 0 ? undefined : rest.splice(at, 2)[1];
}

/** The runtimes, and the environment variables that select the library under test. */
async function underTest(name) {
  const paths = setup();
  if (name === undefined) return { paths, env: {} };
  const { library, runtimes, foreign } = await unpacked(name);
  const env = { CURLEW_LIBRARY: library };
  if (foreign) env.CURLEW_RUNTIMES = dirname(runtimes.bun);
  return { paths: runtimes, env };
}

const { paths, env } = await underTest(option("--library"));

/** The arguments of vitest. */
function vitestArgs(args) {
  const only = option("--only")?.split(",") ?? [];
  const config = ["--config", "test/servers/vitest.config.ts"];
  return [...config, ...args, ...only.map((name) => `test/servers/${name}`)];
}

/** The features of the library under test: a server may be useless without one. */
function libraryFeatures() {
  const script = `import { versionInfo } from "./mod.ts";
    console.log(JSON.stringify(versionInfo().features));`;
  const stdio = ["ignore", "pipe", "inherit"];
  const options = { cwd: ROOT, stdio, env: { ...process.env, ...env } };
  const { status, stdout } = spawnSync(paths.bun, ["-e", script], options);
  if (status !== 0) process.exit(1);
  return JSON.parse(stdout);
}

/** Starts the servers; they exit when their standard input ends, however this process ends. */
async function start() {
  const args = ["test/servers/main.mjs", ...libraryFeatures()];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const [line] = await Promise.race([
    new Promise((resolve) => createInterface(child.stdout).once("line", (line) => resolve([line]))),
    ended.then(() => []),
  ]);
  if (line === undefined) process.exit(1);
  const stop = () => {
    child.stdin.end();
    return ended;
  };
  return { ...JSON.parse(line), stop };
}

function tellMissing(missing) {
  const names = Object.keys(missing);
  if (names.length === 0) return process.stdout.write("Every server was there.\n");
  process.stdout.write(`${names.length} NOT RUN, with the tests that need them:\n`);
  for (const name of names) process.stdout.write(`  ${name}: ${missing[name]}\n`);
}

process.stdout.write("== servers\n");
const begun = performance.now();
const { facts, started, missing, packages, stop } = await start();
const seconds = ((performance.now() - begun) / 1000).toFixed(1);
const from = packages > 0 ? `${packages} packages unpacked, ` : "";
process.stdout.write(`== servers: ${from}${started.length} started in ${seconds} s\n`);

const args = vitestArgs(rest), options = { env: { ...env, CURLEW_SERVERS: facts } };
try {
  for (const runtime of RUNTIMES) suite("servers", runtime, paths[runtime], args, options);
} finally {
  await stop();
}
process.exitCode = summary();
tellMissing(missing);
