/**
 * Memory that the system provides in one call, and not page by page when it is written to: that
 * costs half.
 *
 * @module
 */

import { libc } from "./libc.ts";
import { native } from "./runtime.ts";

/** How much of a large array is asked for ahead of the bytes that arrive. */
export const AHEAD: number = 2 * 1024 * 1024;

/** Smaller arrays are often in memory that was used before, and do not pay for the first call. */
const LEAST = 4 * 1024 * 1024;
/** A multiple of all page sizes: only whole pages can be asked for. */
const PAGE = 64 * 1024;
/** Linux' MADV_POPULATE_WRITE. */
const POPULATE_WRITE = 23;

let works = native.os === "linux";

/**
 * Asks for the memory of the bytes between `start` and `end`, all of which are about to be written.
 * Changes no byte. Has no effect before Linux 5.14, on other systems, and where no memory is left.
 */
export function prefault(
  bytes: Uint8Array<ArrayBuffer>,
  start = 0,
  end: number = bytes.length,
): void {
  if (!works || bytes.length < LEAST) return;
  const base = native.address(native.addressOf(bytes));
  const from = Math.ceil((base + start) / PAGE) * PAGE;
  const to = Math.floor((base + end) / PAGE) * PAGE;
  if (from >= to) return;
  if (libc.madvise(from, to - from, POPULATE_WRITE) !== 0) works = false;
}
