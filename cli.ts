#!/usr/bin/env bun
/**
 * The program `curlew`.
 *
 * ```sh
 * bunx curlew curl -sL https://example.com/
 * bunx curlew trace https://example.com/
 * bunx curlew code "curl -d a=b https://example.com/"
 * deno run -A jsr:@curlew/curlew/cli doctor
 * ```
 *
 * @module
 */

import process from "node:process";
import { processIo } from "./src/cli/io.ts";
import { main } from "./src/cli/main.ts";

// without `await` at the top, for which Deno's `require` refuses a module
if (import.meta.main) {
  void main(process.argv.slice(2), processIo).then((code) => process.exitCode = code);
}
