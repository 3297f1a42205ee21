/**
 * Opens curlew's own files in a folder that others may write to: by a descriptor that is checked
 * afterwards, never by a name that was checked before, and never through a symbolic link.
 *
 * @module
 */

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
} from "node:fs";
import { userId } from "../../handles/easy/disk_file.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants;
/** Absent on Windows. `O_NONBLOCK`: opening a FIFO must not wait for its other end. */
const NO_LINK = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const APPEND = O_WRONLY | O_APPEND;

/** Read and write permission for the user only. */
export const PRIVATE = 0o600;

/** How often a name may appear and disappear while it is being opened. */
const MAX_ATTEMPTS = 100;

/** The errors of opening a link, a FIFO without a reader, a folder and a socket. */
const IN_THE_WAY: ReadonlySet<unknown> = new Set(["ELOOP", "EMLINK", "ENXIO", "EISDIR", "EFTYPE"]);

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** The error for a file that is not curlew's own. */
export function inTheWay(path: string, cause?: unknown): Error {
  return new Error(`${path} is in the way`, cause === undefined ? undefined : { cause });
}

/** Opens a file that must not exist yet. Its mode is reduced by the umask, as always. */
export function createOwn(path: string, mode: number): number {
  return openSync(path, APPEND | O_CREAT | O_EXCL | NO_LINK, mode);
}

/** Opens a file to append to it: a new one, or one that an earlier attempt has left. */
export function openOrCreateOwn(path: string, mode: number): number {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    try {
      return createOwn(path, mode);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const fd = openOwn(path, APPEND);
    if (fd !== null) return fd;
  }
  throw inTheWay(path);
}

/** Opens an existing file to read it, `null` if there is none. */
export function openOwnToRead(path: string): number | null {
  return openOwn(path, O_RDONLY);
}

/** Opens a file, and throws unless it is a regular file of this user with this one name. */
function openOwn(path: string, flags: number): number | null {
  let fd: number;
  try {
    fd = openSync(path, flags | NO_LINK);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw IN_THE_WAY.has(codeOf(error)) ? inTheWay(path, error) : error;
  }
  const found = fstatSync(fd);
  if (found.isFile() && found.nlink <= 1 && found.uid === (userId() ?? found.uid)) return fd;
  closeSync(fd);
  throw inTheWay(path);
}

/** Reads a file from its beginning, `null` if it has more than `most` bytes. */
export function readAtMost(fd: number, most: number): Uint8Array<ArrayBuffer> | null {
  const bytes = new Uint8Array(most + 1);
  for (let length = 0; length <= most;) {
    const count = readSync(fd, bytes, length, bytes.length - length, length);
    if (count === 0) return bytes.subarray(0, length);
    length += count;
  }
  return null;
}

/** The status of a path, of a link itself; `null` where nothing exists. */
export function statOf(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

/** Whether a path still leads to an open file, and not to another one that replaced it. */
export function isAt(path: string, fd: number): boolean {
  const open = fstatSync(fd), found = statOf(path);
  return found !== null && found.ino === open.ino && found.dev === open.dev;
}
