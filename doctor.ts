#!/usr/bin/env bun
/**
 * A program that tells which libcurl curlew uses, what it can do, and whether curlew works here.
 * A bug report should have its output. It ends with 1 where something is broken.
 *
 * ```sh
 * bunx curlew doctor
 * deno run -A jsr:@curlew/curlew/doctor
 * ```
 *
 * `--json` prints the same for a program.
 *
 * @module
 */

import process from "node:process";
import { examine, reportText } from "./src/doctor/report.ts";

const USAGE = "Usage: curlew doctor [--json]\n";

async function main(args: string[]): Promise<number> {
  if (args[0] === "doctor") args.shift();
  const json = args[0] === "--json";
  if (args.length > (json ? 1 : 0)) {
    process.stderr.write(USAGE);
    return 2;
  }
  const report = await examine();
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  return report.problems.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
