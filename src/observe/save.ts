/**
 * Writes recordings to files.
 *
 * @module
 */

import { replaceFile } from "../http/replace_file.ts";
import { wrong } from "../http/shown.ts";

/** A mode: only the user may read the file, since a recording may contain secrets. */
export const PRIVATE = 0o600;
/** A mode: any user may read the file, as far as the umask permits. */
export const PUBLIC = 0o666;

/** Replaces a file atomically. Throws `TypeError`; then the old file is unchanged. */
export async function save(path: unknown, text: string, mode: number): Promise<void> {
  if (typeof path !== "string" || path === "" || path.includes("\0")) {
    throw wrong("save", "the path", "a string, not empty, without NUL", path);
  }
  await replaceFile(path, new TextEncoder().encode(text), mode);
}
