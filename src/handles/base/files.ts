/**
 * Files of the user that libcurl writes, as a `FILE *`, and that uploads read.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { duplicate, lastErrno, lastError, libc } from "../../../ffi/libc.ts";
import { cString, utf8 } from "../../../ffi/memory.ts";
import { native, type NonNullPointer } from "../../../ffi/mod.ts";
import type { AnyFunction } from "./callback_results.ts";
import { onFill } from "./input_file.ts";
import { Owned } from "./owned.ts";
import { isByteArray } from "./views.ts";

/** The path of a file, as text or as bytes, or an open descriptor. */
export type FileName = string | Uint8Array | number;

/** Whether a value of the user's names a file. */
export function isFileName(value: unknown): value is FileName {
  return typeof value === "string" || typeof value === "number" || isByteArray(value);
}

/** Names a file in an error message. */
export function fileText(name: FileName): string {
  if (typeof name === "number") return `the descriptor ${name}`;
  return typeof name === "string" ? JSON.stringify(name) : "whose path is given as bytes";
}

const UNBUFFERED = native.os === "windows" ? 4 : 2; // _IONBF

/**
 * Opens a file in one of `fopen`'s modes. A descriptor is duplicated: the user closes the given
 * one. The file is unbuffered, so the error of a full disk is reported by the `fwrite` that meets
 * it. Throws `Error` with the text of C's error.
 */
export function ownFile(name: FileName, mode: "a" | "wb" | "rb"): Owned {
  const file = typeof name === "number" ? openDescriptor(name, mode) : openPath(name, mode);
  libc.setvbuf(file, null, UNBUFFERED, 0n);
  return new Owned(file, (pointer) => libc.fclose(pointer));
}

function openPath(path: string | Uint8Array, mode: string): NonNullPointer {
  // finds the address of errno now: that must not come between a call and the reading of its errno
  lastErrno();
  const file = libc.fopen(cString(path), utf8(`${mode}\0`));
  if (file === null) throw new Error(lastError());
  return file;
}

/**
 * A `FILE *` on a duplicate of a descriptor, so that closing it leaves the given one open. Throws
 * `Error` with the text of C's error.
 */
export function openDescriptor(fd: number, mode: "a" | "wb" | "rb"): NonNullPointer {
  lastErrno(); // as in openPath
  if (!Number.isInteger(fd) || fd < 0 || fd > 0x7fffffff) throw new Error("no such descriptor");
  const own = duplicate(fd), file = libc.fdopen(own, utf8(`${mode}\0`));
  if (file !== null) return file;
  const why = lastError();
  libc.close(own);
  throw new Error(why);
}

/** A file that an upload reads, with the functions that a handle calls for it. */
export class FileSource {
  /** The value of READDATA. */
  readonly name: FileName;
  readonly owned: Owned;
  readonly #fd: number;

  /**
   * Opens the file at `path`, a checked copy of `name`. Throws `Error` with the text of C's error.
   */
  constructor(name: FileName, path: FileName) {
    this.name = name;
    this.owned = ownFile(path, "rb");
    this.#fd = libc.fileno(this.owned.pointer as NonNullPointer);
  }

  /** Reads like a READFUNCTION. Throws the error of `read(2)`. */
  readonly read: AnyFunction = onFill((target, room) => {
    const count = Number(libc.read_to(this.#fd, target, room));
    if (count < 0) throw new Error(`Cannot read the file of READDATA: ${lastError()}`);
    return count;
  });

  /** Seeks like a SEEKFUNCTION, which fails for a pipe. */
  readonly seek: AnyFunction = (_data: unknown, offset: number, origin: number) =>
    Number(libc.lseek(this.#fd, BigInt(offset), origin)) < 0
      ? flags.CURL_SEEKFUNC_CANTSEEK
      : flags.CURL_SEEKFUNC_OK;
}
