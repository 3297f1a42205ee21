/**
 * Files that libcurl reads and writes itself.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { duplicate, EWOULDBLOCK, lastErrno, lastError, libc } from "../../../ffi/libc.ts";
import { utf8 } from "../../../ffi/memory.ts";
import { library, native, type Pointer } from "../../../ffi/mod.ts";
import { type Easy, stateOf } from "./easy.ts";
import { checkSetopt } from "../base/check_setopt.ts";
import { Owned } from "../base/owned.ts";

const LOCK_EX = 2, LOCK_NB = 4;
const NO_FD = -1;

/** How many files are open on this thread. */
export const diskFiles: { open: number } = { open: 0 };

/** The effective user ID of the process, `null` on Windows. */
export function userId(): number | null {
  return native.os === "windows" ? null : libc.geteuid() >>> 0;
}

/**
 * A `FILE *` for an easy handle: libcurl's own `fwrite` and `fread` move the bytes, which never
 * become a JS array. What it is used for ends before it is closed.
 */
export class DiskFile {
  readonly #file: Owned;
  #lock = NO_FD;
  #closed = false;
  #lost: string | null = null;
  /** Closing the file has failed, so that any of its bytes may be missing, not only the last. */
  hasHoles = false;

  /** Opens a file to append to it ("a") or to read it ("r"). Throws `Error` with C's words. */
  constructor(path: string, mode: "a" | "r") {
    if (path.includes("\0")) throw new Error("the path has a NUL");
    lastErrno(); // finds out where it is: that must not come between a call and its errno
    // "e": not for child processes
    const file = libc.fopen(utf8(path + "\0"), utf8(mode + "e\0"));
    if (file === null) throw new Error(lastError());
    diskFiles.open++;
    this.#file = new Owned(file, (pointer) => {
      diskFiles.open--;
      // the last bytes may only now find that there is no room for them
      this.#lost = flush(pointer);
      if (libc.fclose(pointer) === 0) return;
      this.#lost ??= lastError();
      this.hasHoles = true;
    });
  }

  /** Keeps others out, in any process, until {@linkcode unlock}. False where one is inside. */
  lock(): boolean {
    if (native.os === "windows") return true;
    // on a second descriptor, so that the lock may outlive close()
    const fd = duplicate(libc.fileno(this.#file.pointer));
    if (libc.flock(fd, LOCK_EX | LOCK_NB) !== 0 && lastErrno() === EWOULDBLOCK) {
      libc.close(fd);
      return false;
    }
    this.#lock = fd;
    return true;
  }

  /** Lets others in. */
  unlock(): void {
    if (this.#lock === NO_FD) return;
    libc.close(this.#lock);
    this.#lock = NO_FD;
  }

  /** Truncates the file to `size` bytes. */
  truncate(size: number): void {
    this.flush();
    if (libc.ftruncate(libc.fileno(this.#file.pointer), size) !== 0) throw new Error(lastError());
  }

  /** Writes C's buffer to the file. Throws where the disk has no room. */
  flush(): void {
    const lost = flush(this.#file.pointer);
    if (lost !== null) throw new Error(lost);
  }

  /** Closes it, after the handles that use it. Throws where bytes were lost; once only. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.release();
    if (this.#lost !== null) throw new Error(this.#lost);
  }

  /** Has libcurl write the body here, from now on. May be called in a HEADERFUNCTION. */
  receive(easy: Easy): void {
    this.#install(easy, easyOptions.WRITEFUNCTION.id, easyOptions.WRITEDATA.id);
  }

  /** Has libcurl take what it sends from here; it rewinds by itself where it must. */
  send(easy: Easy): void {
    this.#install(easy, easyOptions.READFUNCTION.id, easyOptions.READDATA.id);
  }

  /** Without a function of ours libcurl uses C's own on the `FILE *`. */
  #install(easy: Easy, functionId: number, dataId: number): void {
    const state = stateOf(easy), { pointer } = library().symbols.curl_easy_setopt;
    checkSetopt("the file", pointer(state.pointer, functionId, null));
    checkSetopt("the file", pointer(state.pointer, dataId, this.#file.pointer));
    state.settings.functions.delete(functionId);
    state.own(dataId, this.#file.retain()); // the handle keeps it open
  }
}

/** @returns why bytes were lost, now or earlier: C forgets what it could not write. */
function flush(file: Pointer): string | null {
  if (libc.fflush(file) !== 0) return lastError();
  return libc.ferror(file) === 0 ? null : "not all of it could be written";
}
