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
 * The tests that `--quick` leaves out: those with many child processes, sweeps, large bodies or
 * real waits.
 */
const SLOW = [
  ...["bench", "demo", "docs", "package", "package_types"],
  ...["cli/code", "cli/curl", "cli/output", "cli/wire", "command/round_trip"],
  ...["contract/parked_process", "doctor/doctor"],
  ...["driver/parking/alive", "driver/connect_only_waits", "driver/timing/fairness"],
  ...["driver/parking/idle", "driver/leak", "driver/parking/many_agents"],
  ...["driver/timing/regular_looks", "driver/resilience", "driver/quirks/stray_bytes"],
  ...["driver/timing/timers", "driver/parking/waiter", "driver/worker", "driver/own_loop/alive"],
  ...["driver/own_loop/poller", "examples/heads"],
  ...["faults/process_ends", "faults/process_life", "faults/process_resources"],
  ...["faults/wire_responses", "fuzz/fuzz"],
  ...["handles/callbacks/values", "handles/base/easy_gc", "handles/base/multi_gc"],
  ...["handles/easy/options_in_use", "handles/connections/reuse", "handles/base/without_source"],
  ...["http/response/abort_body", "http/response/backpressure", "http/request_body/early_answers"],
  ...["http/response/lifetime", "http/transfer/limits", "http/transfer/load"],
  ...["http/response/native_readers", "http/request/own_options", "http/transfer/redirect_alike"],
  ...["http/response/unpacking", "http/files/changing_file", "http/files/download"],
  ...["http/files/resources", "http/files/shared_folder", "http/files/upload"],
  ...["http/session/types", "http/websocket/lifetime", "http/websocket/pollution"],
  ...["http/websocket/protocol", "node_libcurl/alias", "register/programs"],
  ...["security/pollution", "security/untrusted", "server/child", "server/server", "site/cookbook"],
  ...["soak/soak"],
].map((name) => `test/${name}.test.ts`);

/** More tests that `--quick` leaves out: other tests of the same room cover most of the same code. */
const THOROUGH = [
  ...["command/limits", "contract/spawn", "driver/connection_classes", "driver/timing/deadlines"],
  ...["driver/growth", "driver/quirks/h2_leftovers", "driver/debug/invariants", "driver/options"],
  ...["driver/sockets_model", "examples/connections", "examples/loops", "examples/scale"],
  ...["handles/easy/hostile", "handles/base/memory", "handles/multi/abort", "http/request/auth"],
  ...["http/request_body/form_data", "http/transfer/in_callbacks", "http/files/endless_source"],
  ...["http/retry/retry", "http/websocket/messages", "node_libcurl/curl", "node_libcurl/reports"],
  ...["observe/har", "seeds/curl_multi_socket_deprecated", "seeds/curlmopt_socketfunction"],
].map((name) => `test/${name}.test.ts`);

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
