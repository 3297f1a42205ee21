/**
 * Paths of files.
 *
 * @module
 */

import { native } from "../ffi/mod.ts";

/**
 * The absolute form of a path in the present folder of the process, which may have another one when
 * the file is opened. Unchanged where that folder cannot be read.
 */
export function absolutePath(path: string): string {
  if (path === "" || path.startsWith("/") || native.os === "windows") return path;
  try {
    return `${native.cwd()}/${path}`;
  } catch {
    return path;
  }
}
