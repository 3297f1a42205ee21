// The command `npm test`: every check, then the suite on Bun and on Deno.
//
//   npm test
//   npm test -- --quick                      without the slow tests
//   npm test -- test/driver -t "wakes up"    arguments go to vitest
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { provideNode } from "./node.mjs";
import { inModules, ROOT, RUNTIMES, SELF } from "./runtimes.mjs";
import { step, suite, summary } from "./report.mjs";
import { setup } from "./setup.mjs";
import { SLOW, THOROUGH } from "./slow.mjs";

const paths = setup();
const withoutNode = provideNode(paths);
const DOORS = [
  ...["mod.ts", "cli.ts", "command.ts", "doctor.ts", "session.ts", "poll.ts", "register.ts"],
  ...["observe.ts", "node_libcurl.ts", "ffi/mod.ts", "src/constants.ts"],
];
const CHECKS = {
  "libcurl on Deno": [paths.deno, "run", "-A", "tools/library.ts"],
  "type check": [...SELF, inModules("typescript", "bin", "tsc"), "--noEmit"],
  "deno check": [paths.deno, "check", "--quiet", ...DOORS, "examples", "docs/cookbook"],
  "lint": [paths.deno, "lint", "--quiet"],
  "format": [paths.deno, "fmt", "--check"],
  "doc comments": [...SELF, "tools/doc_lint.mjs", ...DOORS],
  "workflows": [...SELF, "tools/workflow_lint.mjs"],
};

/**
 * The tests that need npm, servers whose faults only Node.js can produce, or an HTTP/2 server that
 * survives a client that gives up a large body: Deno 2.9.5 ends with SIGABRT then, now and then.
 */
const NODES = [
  ...["package", "faults/wire", "handles/connections/hostile_reuse", "handles/multi/h2"],
  ...["driver/pause_fails"],
].map((name) => `test/${name}.test.ts`);

const given = process.argv.slice(2), isQuick = given.includes("--quick");
const args = given.filter((arg) => arg !== "--quick"), whole = given.length === 0;
const omitted = isQuick ? [...SLOW, ...THOROUGH] : [];
const left = [...omitted, ...(withoutNode ? NODES : [])]
  .flatMap((path) => ["--exclude", path]);
for (const path of [...SLOW, ...THOROUGH, ...NODES]) {
  if (!existsSync(join(ROOT, path))) throw new Error(`There is no ${path} to leave out`);
}

if (withoutNode) console.log(`Without Node.js and npm these are NOT RUN: ${NODES.join(", ")}`);
if (whole) {
  console.log(
    "Checks, then the suite and the WebSocket tests on Bun and on Deno: some 10 minutes on two cores.",
  );
  console.log("`npm test -- --quick` leaves the slow tests out, and takes less than 3.");
} else if (given.length === 1 && isQuick) {
  console.log(
    `Checks, then the suite without its ${omitted.length} longest files on Bun and on Deno: less than 3 minutes on two cores.`,
  );
}

// without a libcurl every test would fail with the same message
if (!step("libcurl on Bun", [paths.bun, "run", "tools/library.ts"])) process.exit(1);
for (const [name, command] of Object.entries(CHECKS)) step(name, command);
// the system's libcurl may have no WebSocket: those tests use another libcurl
const main = [...left, ...(whole ? ["--exclude", "test/http/websocket/**"] : args)];
for (const runtime of RUNTIMES) suite("suite", runtime, paths[runtime], main, { whole });
if (whole) {
  for (const runtime of RUNTIMES) {
    suite("WebSocket", runtime, paths[runtime], ["test/http/websocket"]);
  }
}
process.exit(summary());
