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
import { runDoctor } from "./src/doctor/command.ts";

// without `await` at the top, for which Deno's `require` refuses a module
if (import.meta.main) {
  const args = process.argv.slice(2);
  void runDoctor(args[0] === "doctor" ? args.slice(1) : args)
    .then((code) => process.exitCode = code);
}
