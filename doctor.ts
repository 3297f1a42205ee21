#!/usr/bin/env bun
/**
 * A program that reports which libcurl curlew uses, what it supports, and whether curlew works on
 * this machine. Include its output in a bug report. Its exit code is 1 if a check fails.
 *
 * ```sh
 * bunx curlew doctor
 * deno run -A jsr:@curlew/curlew/doctor
 * ```
 *
 * `--json` prints the report as JSON.
 *
 * @module
 */

import process from "node:process";
import { runDoctor } from "./src/doctor/command.ts";

// without `await` at the top, for which Deno's `require` refuses a module
if (import.meta.main) {
  const args = process.argv.slice(2);
  void runDoctor(args[0] === "doctor" ? args.slice(1) : args)
    .then((code) => process.exitCode = code);
}
