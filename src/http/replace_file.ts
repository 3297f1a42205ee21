/**
 * Replaces a file atomically.
 *
 * @module
 */

import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileError } from "./errors.ts";

/**
 * Writes a new file beside the one at the path, or beside the target of a link there, and renames
 * it. If writing fails, the old file is unchanged. A device is written to directly; anything else
 * that is not a regular file is not touched. The mode is reduced by the umask. Throws `TypeError`.
 */
export async function replaceFile(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  try {
    const target = await realpath(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return path;
      throw error;
    });
    const found = lstatSync(target, { throwIfNoEntry: false });
    if (found?.isCharacterDevice()) writeFileSync(target, bytes);
    else if (found && !found.isFile() && !found.isDirectory()) {
      throw new Error("it is not a regular file");
    } else replace(target, bytes, mode);
  } catch (cause) {
    throw fileError("write", path, cause);
  }
}

function replace(path: string, bytes: Uint8Array, mode: number): void {
  const { O_CREAT, O_EXCL, O_WRONLY } = constants;
  const fresh = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}`);
  const fd = openSync(fresh, O_WRONLY | O_CREAT | O_EXCL, mode);
  try {
    try {
      writeFileSync(fd, bytes);
      fsyncSync(fd); // after a crash the file must not be empty
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}
