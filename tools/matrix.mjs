// The suite on both runtimes against each libcurl of tools/matrix/libraries.mjs.
//
//   npm run test:matrix
//   npm run test:matrix -- --quick                     what depends most on the version
//   npm run test:matrix -- --only 8.14.1 test/driver   other arguments go to vitest
import { dirname } from "node:path";
import process from "node:process";
import { LIBRARIES, QUICK } from "./matrix/libraries.mjs";
import { unpacked } from "./matrix/unpacked.mjs";
import { failure, step, suite, summary } from "./report.mjs";
import { RUNTIMES } from "./runtimes.mjs";

const SUITE_LIMIT_MS = 30 * 60_000;

function parse(args) {
  const rest = [], only = [];
  let quick = false;
  for (let index = 0; index < args.length; index++) {
    if (args[index] === "--quick") quick = true;
    else if (args[index] === "--only") only.push(args[++index]);
    else rest.push(args[index]);
  }
  const all = quick ? QUICK.libraries : LIBRARIES.map(({ name }) => name);
  return { names: only.length > 0 ? only : all, args: quick ? [...QUICK.tests, ...rest] : rest };
}

async function run(name, args) {
  let found;
  try {
    found = await unpacked(name);
  } catch (error) {
    failure(name, `CANNOT BE TESTED: ${error.message}`);
    return;
  }
  const env = { CURLEW_LIBRARY: found.library };
  // child processes of the tests use the same C library
  if (found.foreign) env.CURLEW_RUNTIMES = dirname(found.runtimes.bun);
  for (const runtime of RUNTIMES) {
    const path = found.runtimes[runtime];
    const command = [path, "run", ...(runtime === "deno" ? ["-A"] : []), "tools/library.ts"];
    // the right library: with another one the tests would prove nothing about this one
    if (!step(`${name} loads on ${runtime}`, [...command, found.says], { env })) continue;
    suite(name, runtime, path, args, { env, whole: args.length === 0, timeout: SUITE_LIMIT_MS });
  }
}

const { names, args } = parse(process.argv.slice(2));
for (const name of names) await run(name, args);
process.exit(summary());
