// The runtime itself, doing nothing: what a start and an idle process cost without a client.
import process from "node:process";
import { run } from "./harness.mjs";

const [mode, url, , ms] = process.argv.slice(2);
process.argv.splice(2, process.argv.length, mode, url, "0", ms ?? "0");
await run({ get: () => Promise.resolve(0) });
