/**
 * Prints which libcurl is used, or the library's own error where there is none.
 *
 * @module
 */

import process from "node:process";
import { CurlLoadError, versionInfo } from "../mod.ts";

try {
  const { version, ssl, library } = versionInfo();
  console.log(`libcurl ${version} (${ssl ?? "no TLS"}) from ${library}`);
} catch (error) {
  if (!(error instanceof CurlLoadError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
