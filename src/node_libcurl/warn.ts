/**
 * What goes wrong where nobody can be told by an exception: node-libcurl drops it.
 *
 * @module
 */

import process from "node:process";

/** Emits a process warning of the type CurlWarning. */
export function warn(what: string, error: unknown): void {
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  process.emitWarning(`${what}: ${text}`, { type: "CurlWarning" });
}
