/**
 * The contract of a poller.
 *
 * A poller tells which of many descriptors are ready. It is level-triggered: what is not served
 * is told again. Every registration carries a tag, which comes back with its events, so that an
 * event of a descriptor's former life can be told from one of its present one. Its own
 * descriptor is readable while anything is ready, so one poller can watch others.
 *
 * The masks have the bits of libcurl's `CURL_POLL_*` and `CURL_CSELECT_*`: none is translated.
 *
 * @module
 */

import { lastErrno, lastError } from "../../../ffi/libc.ts";
import { CurlMultiError, MultiCode } from "../../errors.ts";

/** To be told when it can be read. */
export const READ = 1;
/** To be told when it can be written. */
export const WRITE = 2;
/** In events only: an error or the end of the stream, told in any case. */
export const FAILED = 4;

/** What every poller does. */
export interface Poller {
  /** Its own descriptor. */
  readonly fd: number;
  /**
   * Watches `fd` for `interest`, made of {@linkcode READ} and {@linkcode WRITE}; replaces what
   * was asked for before, of this descriptor or of a closed one with the same number.
   *
   * @throws {CurlMultiError} where the system refuses: CURLM_BAD_SOCKET for a descriptor that is
   * not open, CURLM_OUT_OF_MEMORY where it has no room for another.
   */
  set(fd: number, interest: number, tag: number): void;
  /** Stops watching; a descriptor that is unknown or closed is no error. */
  delete(fd: number): void;
  /**
   * Takes what is ready now, without waiting.
   *
   * @returns how many events there are to read with the next three.
   */
  ready(): number;
  /** The descriptor of an event. */
  fdAt(event: number): number;
  /** What happened: {@linkcode READ}, {@linkcode WRITE}, {@linkcode FAILED}. */
  maskAt(event: number): number;
  /** The tag of the registration. */
  tagAt(event: number): number;
  /** Takes what {@linkcode wake} needs, while there may be a descriptor for it. */
  prepareWake(): void;
  /** Makes the poller's own descriptor readable until {@linkcode ready} was called. */
  wake(): void;
  /** Gives the descriptors back. */
  close(): void;
}

const EBADF = 9;

/** Passes a result on, or throws what the system says of a negative one, under curl's names. */
export function check(call: string, result: number): number {
  if (result >= 0) return result;
  const { BAD_SOCKET, OUT_OF_MEMORY } = MultiCode, text = `Cannot ${call}(): ${lastError()}`;
  throw new CurlMultiError(lastErrno() === EBADF ? BAD_SOCKET : OUT_OF_MEMORY, text);
}
