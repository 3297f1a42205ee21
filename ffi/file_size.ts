/**
 * The size of a regular file by its path, without opening it: opening a FIFO would release its
 * writer. `node:fs` is not used, since Deno asks for its permission to read.
 *
 * @module
 */

import { libc } from "./libc.ts";
import { cString, type CText } from "./memory.ts";
import { native } from "./runtime.ts";

/** Where a struct has the mode, whose type is in the low 16 bits, and the size. */
interface Layout {
  readonly mode: number;
  readonly size: number;
}

// struct statx of Linux, the same on all architectures; struct stat of macOS with 64-bit inodes
const LAYOUT: Layout = native.os === "darwin" ? { mode: 4, size: 96 } : { mode: 28, size: 40 };
const ROOM = 256;

const TYPE = 0xf000, REGULAR = 0x8000;
const AT_FDCWD = -100, STATX_TYPE = 1, STATX_SIZE = 0x200;
/** The number of statx(2), which glibc has since 2.28 and musl since 1.2.5. */
const SYS_STATX = native.arch === "x86_64" ? 332 : 291;

const found = new Uint8Array(new ArrayBuffer(ROOM));
const fields = new DataView(found.buffer);

function status(path: Uint8Array<ArrayBuffer>): number {
  if (native.os === "darwin") return libc.stat(path, found);
  const wanted = STATX_TYPE | STATX_SIZE;
  return Number(libc.statx(SYS_STATX, AT_FDCWD, path, 0, wanted, found));
}

/**
 * The size of a regular file, after symbolic links. `null` for everything else and on Windows, -1
 * where there is nothing or the system refuses to tell.
 */
export function regularFileSize(path: CText): number | null {
  if (native.os === "windows") return null;
  if (status(cString(path)) !== 0) return -1;
  const isRegular = (fields.getUint16(LAYOUT.mode, true) & TYPE) === REGULAR;
  return isRegular ? Number(fields.getBigInt64(LAYOUT.size, true)) : null;
}
