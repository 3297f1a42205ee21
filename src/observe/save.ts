/**
 * Writes what was recorded into files.
 *
 * @module
 */

import { replaceFile } from "../http/replace_file.ts";
import { wrong } from "../http/shown.ts";

/** Only the user may read it: a record may have secrets in it. */
export const PRIVATE = 0o600;
/** Anybody may read it, as far as the umask lets them. */
export const PUBLIC = 0o666;

/** Replaces a file in one step. Throws `TypeError`; the old file is whole then. */
export async function save(path: unknown, text: string, mode: number): Promise<void> {
  if (typeof path !== "string" || path === "" || path.includes("\0")) {
    throw wrong("save", "the path", "a string, not empty, without NUL", path);
  }
  await replaceFile(path, new TextEncoder().encode(text), mode);
}
