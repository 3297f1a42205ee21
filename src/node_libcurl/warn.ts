/**
 * Warnings for errors that cannot be thrown to a caller. node-libcurl drops these errors.
 *
 * @module
 */

import process from "node:process";
import { isInstance } from "../untrusted.ts";

/** Emits a process warning of the type CurlWarning. */
export function warn(what: string, error: unknown): void {
  const text = isInstance(error, Error) ? error.stack ?? error.message : String(error);
  process.emitWarning(`${what}: ${text}`, { type: "CurlWarning" });
}
