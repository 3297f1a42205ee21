// Runs a pinned runtime with the given arguments.
//
//   node tools/run.mjs deno run -A file.ts
import { spawn } from "node:child_process";
import process from "node:process";
import { RUNTIMES } from "./runtimes.mjs";
import { setup } from "./setup.mjs";

const [name, ...args] = process.argv.slice(2);
if (!RUNTIMES.includes(name)) {
  process.stderr.write("Usage: node tools/run.mjs bun|deno ARGUMENT…\n");
  process.exit(2);
}
const child = spawn(setup()[name], args, { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));
