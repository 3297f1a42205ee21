/**
 * Files that uploads read. Their bytes go from the system to libcurl's buffer, without a copy.
 *
 * @module
 */

import { lastErrno, lastError, libc, READ_NONBLOCKING } from "../../../ffi/libc.ts";
import { allocate, cString, type CText, release } from "../../../ffi/memory.ts";
import type { NonNullPointer } from "../../../ffi/mod.ts";
import type { AnyFunction } from "./callback_results.ts";

/**
 * Reads the next bytes of an upload to the address `target`, `room` at most. Returns the result of
 * a READFUNCTION.
 */
export type Fill = (target: NonNullPointer, room: number) => number;

/**
 * Marks the READFUNCTIONs that get an address. The value of the mark is an object of this file: a
 * user's proxy, which may have a value for any key, cannot have this one.
 */
const FILLS: unique symbol = Symbol("fills");
const MARK = {};

/** Makes a READFUNCTION that gets the address of libcurl's buffer instead of an array. */
export function onFill(fill: Fill): (buffer: Uint8Array) => number {
  return Object.assign(fill, { [FILLS]: MARK }) as unknown as (buffer: Uint8Array) => number;
}

/** Whether a READFUNCTION was made by {@linkcode onFill}. */
export function isFill(fn: AnyFunction): fn is Fill {
  return (fn as { [FILLS]?: unknown })[FILLS] === MARK;
}

const SEEK_END = 2, EINVAL = 22;

/** A file that is read at positions. It is opened when it is needed. */
export class InputFile {
  readonly #path: CText;
  #fd = -1;

  constructor(path: CText) {
    this.#path = path;
  }

  #open(): number {
    if (this.#fd >= 0) return this.#fd;
    lastErrno(); // finds the address of errno: that must not come between a call and its errno
    // without O_NONBLOCK the open of a FIFO that has replaced the file would wait for a writer
    const fd = libc.open(cString(this.#path), READ_NONBLOCKING);
    if (fd < 0) throw new Error(lastError());
    return this.#fd = fd;
  }

  /**
   * The position of its end, 0 where the system does not know it. Throws for what has no positions,
   * such as a pipe.
   */
  get end(): number {
    const end = Number(libc.lseek(this.#open(), 0n, SEEK_END));
    if (end < 0 && lastErrno() !== EINVAL) throw new Error(lastError());
    return Math.max(end, 0);
  }

  /** Reads up to `room` bytes from the position `at`; 0 at the end. Throws the text of C's error. */
  read(target: NonNullPointer, room: number, at: number): number {
    const count = Number(libc.pread(this.#open(), target, room, BigInt(at)));
    if (count < 0) throw new Error(lastError());
    return count;
  }

  /** Whether the byte at a position can be read. */
  hasByte(at: number): boolean {
    const target = allocate(1);
    try {
      return this.read(target, 1, at) === 1;
    } finally {
      release(target);
    }
  }

  /**
   * Whether a size that the system gives is right: files in `/proc` have size 0 but content, those
   * in `/sys` have less content than their size.
   */
  hasSize(size: number): boolean {
    return size > 0 ? this.hasByte(size - 1) : !this.hasByte(0);
  }

  /** Closes the file. It is opened again where it is read again. */
  close(): void {
    if (this.#fd >= 0) libc.close(this.#fd);
    this.#fd = -1;
  }
}
