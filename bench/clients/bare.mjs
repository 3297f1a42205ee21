// A runtime without a client: the cost of a start and of an idle process.
import process from "node:process";
import { run } from "./harness.mjs";

const [mode, url, , ms] = process.argv.slice(2);
process.argv.splice(2, process.argv.length, mode, url, "0", ms ?? "0");
await run({ get: () => Promise.resolve(0) });
