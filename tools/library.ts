/**
 * Prints which libcurl is used, or the library's own error where there is none. With an argument,
 * fails unless the line begins with it.
 *
 * @module
 */

import process from "node:process";
import { CurlLoadError, versionInfo } from "../mod.ts";

try {
  const { version, ssl, library } = versionInfo();
  const line = `libcurl ${version} (${ssl ?? "no TLS"}) from ${library}`;
  console.log(line);
  const expected = process.argv[2] ?? "";
  if (!line.startsWith(expected)) throw new CurlLoadError(`Expected "${expected}"`);
} catch (error) {
  if (!(error instanceof CurlLoadError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
