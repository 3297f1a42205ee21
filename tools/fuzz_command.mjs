// Converts random requests to curl commands and back, on each runtime: the result must be the same
// request, and a redacted command must not contain a secret.
//
//   npm run fuzz:command                              100,000 on each, seed 1
//   npm run fuzz:command -- --seed 7 --count 5000
//   npm run fuzz:command -- --only deno --from 4711 --count 1      repeats one
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { ROOT, RUNTIMES, TITLES } from "./runtimes.mjs";
import { setup } from "./setup.mjs";

/** The time limit of a runtime, whatever the count: longer means that it hangs. */
const LIMIT_MS = 60 * 60_000;
const SCRIPT = join(ROOT, "test/command/children/round_trip.ts");

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    from: { type: "string", default: "0" },
    count: { type: "string", default: "100000" },
    only: { type: "string" },
  },
});

/** Runs the requests in a process of their own; returns its last output, and how it ended. */
function run(command, args) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], timeout: LIMIT_MS });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
    for (const line of chunk.match(/^\{"at":.*$/gm) ?? []) process.stdout.write(`${line}\n`);
  });
  return new Promise((resolve) => {
    child.once("close", (code, signal) => {
      resolve({ last: text.trimEnd().split("\n").at(-1), code, signal });
    });
  });
}

function report(runtime, { last, code, signal }) {
  if (signal !== null || !last?.startsWith('{"done"')) {
    process.stdout.write(`${TITLES[runtime]}: ended by ${signal ?? `exit ${code}`}\n`);
    return false;
  }
  const { done, ms, wrong } = JSON.parse(last);
  process.stdout.write(`${TITLES[runtime]}: ${done} requests in ${Math.round(ms / 1000)} s\n`);
  for (const one of wrong) process.stdout.write(`WRONG: ${one}\n`);
  return code === 0 && wrong.length === 0 && done === Number(values.count);
}

const paths = setup(), rest = [SCRIPT, values.seed, values.from, values.count];
let ok = true;
for (const runtime of values.only ? [values.only] : RUNTIMES) {
  const args = [...runtime === "deno" ? ["run", "-A", "--no-check"] : ["run"], ...rest];
  ok = report(runtime, await run(paths[runtime], args)) && ok;
}
process.exit(ok ? 0 : 1);
