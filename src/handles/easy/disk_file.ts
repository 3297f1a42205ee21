/**
 * Files that libcurl writes itself.
 *
 * @module
 */

import { closeSync } from "node:fs";
import { easyOptions } from "../../../ffi/curl/options.ts";
import { EWOULDBLOCK, lastErrno, lastError, libc } from "../../../ffi/libc.ts";
import { library, native, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { type Easy, stateOf } from "./easy.ts";
import { checkSetopt } from "../base/check_setopt.ts";
import { openDescriptor } from "../base/files.ts";
import { Owned } from "../base/owned.ts";

const LOCK_EX = 2, LOCK_NB = 4;

/** How many files are open on this thread. */
export const diskFiles: { open: number } = { open: 0 };

/** The effective user ID of the process, `null` on Windows. */
export function userId(): number | null {
  return native.os === "windows" ? null : libc.geteuid() >>> 0;
}

/**
 * A file that libcurl writes itself: a descriptor, and a `FILE *` on a duplicate of it. libcurl's
 * own `fwrite` moves the bytes, which never become a JS array. The handles that use the file must
 * end before it is closed.
 */
export class DiskFile {
  /** The descriptor. It stays open after {@linkcode close}, until {@linkcode release}. */
  readonly fd: number;
  readonly #file: Owned;
  #closed = false;
  #released = false;
  #lost: string | null = null;
  /**
   * Whether closing the file has failed: then any of its bytes may be missing, not only the last.
   */
  hasHoles = false;

  /**
   * Takes ownership of a descriptor that is open for appending. Throws `Error` with the text of C's
   * error.
   */
  constructor(fd: number) {
    this.fd = fd;
    diskFiles.open++;
    try {
      this.#file = new Owned(openDescriptor(fd, "a"), (pointer) => this.#closeStream(pointer));
    } catch (error) {
      this.release();
      throw error;
    }
  }

  #closeStream(pointer: NonNullPointer): void {
    // the system may report only now that there is no room for the last bytes
    this.#lost = flush(pointer);
    if (libc.fclose(pointer) === 0) return;
    this.#lost ??= lastError();
    this.hasHoles = true;
  }

  /**
   * Locks the file for this process, until {@linkcode release}. Returns false if another one has
   * locked it.
   */
  lock(): boolean {
    if (native.os === "windows") return true;
    // finds the address of errno now: that must not come between a call and the reading of its
    // errno
    lastErrno();
    return libc.flock(this.fd, LOCK_EX | LOCK_NB) === 0 || lastErrno() !== EWOULDBLOCK;
  }

  /** Truncates the file to `size` bytes. */
  truncate(size: number): void {
    this.flush();
    if (libc.ftruncate(this.fd, size) !== 0) throw new Error(lastError());
  }

  /** Writes C's buffer to the file. Throws where the disk has no room. */
  flush(): void {
    const lost = flush(this.#file.pointer);
    if (lost !== null) throw new Error(lost);
  }

  /**
   * Closes the `FILE *`, after the handles that use it. Throws where bytes were lost, at the first
   * call only.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.release();
    if (this.#lost !== null) throw new Error(this.#lost);
  }

  /** Closes the descriptor, which unlocks the file. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    diskFiles.open--;
    closeSync(this.fd);
  }

  /**
   * Has libcurl write the body to this file from now on: without a WRITEFUNCTION it calls `fwrite`
   * on the `FILE *`. May be called in a HEADERFUNCTION.
   */
  receive(easy: Easy): void {
    const { WRITEFUNCTION, WRITEDATA } = easyOptions;
    const state = stateOf(easy), { pointer } = library().symbols.curl_easy_setopt;
    checkSetopt("the file", pointer(state.pointer, WRITEFUNCTION.id, null));
    checkSetopt("the file", pointer(state.pointer, WRITEDATA.id, this.#file.pointer));
    state.settings.functions.delete(WRITEFUNCTION.id);
    state.own(WRITEDATA.id, this.#file.retain()); // the handle keeps it open
  }
}

/** @returns why bytes were lost, now or earlier: C reports a failed write only once. */
function flush(file: Pointer): string | null {
  if (libc.fflush(file) !== 0) return lastError();
  return libc.ferror(file) === 0 ? null : "not all of it could be written";
}
