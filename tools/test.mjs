// The one command: every check, then the suite on Bun and on Deno.
//
//   npm test
//   npm test -- test/driver -t "wakes up"    arguments go to vitest
import process from "node:process";
import { inModules, RUNTIMES } from "./runtimes.mjs";
import { step, suite, summary } from "./report.mjs";
import { setup } from "./setup.mjs";

const paths = setup();
const DOORS = [
  ...["mod.ts", "cli.ts", "command.ts", "doctor.ts", "session.ts", "poll.ts"],
  ...["node_libcurl.ts", "ffi/mod.ts", "src/constants.ts"],
];
const CHECKS = {
  "libcurl on Deno": [paths.deno, "run", "-A", "tools/library.ts"],
  "type check": [process.execPath, inModules("typescript", "bin", "tsc"), "--noEmit"],
  "deno check": [paths.deno, "check", "--quiet", ...DOORS],
  "lint": [paths.deno, "lint", "--quiet"],
  "format": [paths.deno, "fmt", "--check"],
  "doc comments": [process.execPath, "tools/doc_lint.mjs", ...DOORS],
};

// without a libcurl everything else would fail with the same words
if (!step("libcurl on Bun", [paths.bun, "run", "tools/library.ts"])) process.exit(1);
for (const [name, command] of Object.entries(CHECKS)) step(name, command);
const args = process.argv.slice(2);
const whole = args.length === 0;
// the system's libcurl may have no WebSocket: those tests bring one that has
const main = whole ? ["--exclude", "test/websocket/**"] : args;
for (const runtime of RUNTIMES) suite("suite", runtime, paths[runtime], main, { whole });
if (whole) {
  for (const runtime of RUNTIMES) suite("WebSocket", runtime, paths[runtime], ["test/websocket"]);
}
process.exit(summary());
