/**
 * What goes wrong where nobody can be told by an exception: node-libcurl drops it.
 *
 * @module
 */

import process from "node:process";

/** Prints a warning of the process. */
export function warn(what: string, error: unknown): void {
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  process.emitWarning(`${what}: ${text}`, { type: "CurlWarning" });
}
