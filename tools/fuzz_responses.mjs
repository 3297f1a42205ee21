// Random responses of a server, on each runtime: none may cause a crash, a hang or a wrong error
// class.
//
//   npm run fuzz:responses                             100,000 of HTTP on each, seed 1
//   npm run fuzz:responses -- --seed 7 --count 5000
//   npm run fuzz:responses -- --ws --count 20000       frames of WebSocket, on libcurl 8.14.1
//   npm run fuzz:responses -- --only deno --from 4711 --count 1      repeats one
//
// CURLEW_LIBRARY names another libcurl, CURLEW_SHOW=1 shows the bytes. With glibc's checks:
//   MALLOC_PERTURB_=165 MALLOC_CHECK_=3 LD_PRELOAD=libc_malloc_debug.so.0 npm run fuzz:responses
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { unpacked } from "./matrix/unpacked.mjs";
import { ROOT, RUNTIMES, TITLES } from "./runtimes.mjs";
import { setup } from "./setup.mjs";

/** The time limit of a runtime, whatever the count: longer means that it hangs. */
const LIMIT_MS = 2 * 60 * 60_000;
const SCRIPT = join(ROOT, "test/faults/children/responses.ts");

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    from: { type: "string", default: "0" },
    count: { type: "string", default: "100000" },
    only: { type: "string" },
    ws: { type: "boolean", default: false },
  },
});

/**
 * Runs a part of the requests in a process of their own; returns its last output, and how it ended.
 */
function run(command, args, env) {
  const child = spawn(command, args, {
    env,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: LIMIT_MS,
  });
  let last = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    if (env.CURLEW_SHOW) process.stdout.write(text);
    last = (last + text).trimEnd().split("\n").at(-1);
    if (/^{"at":\d+0000,/.test(last)) process.stdout.write(`${last}\n`);
    if (text.endsWith("\n")) last += "\n";
  });
  return new Promise((resolve) => {
    child.once("close", (code, signal) => resolve({ last, code, signal }));
  });
}

function report(runtime, { last, code, signal }) {
  if (code !== 0) {
    process.stdout.write(
      `${TITLES[runtime]}: ended by ${signal ?? `exit ${code}`} after ${last}\n`,
    );
    return false;
  }
  const { done, ms, ends, wrong } = JSON.parse(last);
  process.stdout.write(`${TITLES[runtime]}: ${done} responses in ${Math.round(ms / 1000)} s\n`);
  for (const [end, count] of Object.entries(ends)) process.stdout.write(`  ${count}\t${end}\n`);
  for (const one of wrong) process.stdout.write(`WRONG: ${one}\n`);
  return wrong.length === 0;
}

const paths = setup(), env = { ...process.env };
if (values.ws && !env.CURLEW_LIBRARY) env.CURLEW_LIBRARY = (await unpacked("8.14.1")).library;
const rest = [SCRIPT, values.seed, values.from, values.count, values.ws ? "ws" : "http"];
let ok = true;
for (const runtime of values.only ? [values.only] : RUNTIMES) {
  const args = [...runtime === "deno" ? ["run", "-A", "--no-check"] : ["run"], ...rest];
  ok = report(runtime, await run(paths[runtime], args, env)) && ok;
}
process.exit(ok ? 0 : 1);
