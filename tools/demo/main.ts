/**
 * The part of `npm run demo` that runs on each runtime: reads the plan from stdin, runs the
 * transfers, prints the tables.
 *
 * @module
 */

import process from "node:process";
import { text } from "node:stream/consumers";
import { CurlLoadError } from "../../mod.ts";
import { heading, summary, urlTable } from "./report.ts";
import { runAll, type Transfer } from "./transfers.ts";

/** The input from `tools/demo.mjs`. */
interface Plan {
  /** The address of the local server, `null` where URLs are given. */
  readonly server: string | null;
  readonly urls: readonly string[];
  /** The file for each URL's body; empty where nothing is saved. */
  readonly files: readonly string[];
}

const COUNT = 600;
/** The paths of the demo: small, large and delayed responses. */
const PATHS = ["/small", "/bytes/100000", "/small", "/delay/200", "/bytes/5000", "/delay/50"];

function transfersOf({ server, urls, files }: Plan): Transfer[] {
  if (server === null) return urls.map((url, i) => ({ url, file: files[i] ?? null }));
  return Array.from(
    { length: COUNT },
    (_, i) => ({ url: server + PATHS[i % PATHS.length], file: null }),
  );
}

try {
  const plan = JSON.parse(await text(process.stdin)) as Plan;
  console.log(heading());
  const run = await runAll(transfersOf(plan));
  const showRows = plan.server === null || run.results.some(({ error }) => error !== null);
  if (showRows) console.log(urlTable(run.results));
  console.log(summary(run));
  process.exitCode = run.results.some(({ error }) => error !== null) ? 1 : 0;
} catch (error) {
  if (!(error instanceof CurlLoadError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
