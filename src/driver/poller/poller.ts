/**
 * The contract of a poller.
 *
 * A poller reports which of many descriptors are ready. It is level-triggered: an event that is not
 * served is reported again. Every registration has a tag, which its events repeat, so that an event
 * of a closed descriptor is not taken for one of a new descriptor with the same number. The
 * poller's own descriptor is readable while anything is ready, so one poller can watch others.
 *
 * The masks have the bits of libcurl's `CURL_POLL_*` and `CURL_CSELECT_*`, so none is translated.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { lastErrno, lastError } from "../../../ffi/libc.ts";
import { CurlMultiError, MultiCode } from "../../errors.ts";

/** The descriptor can be read. */
export const READ: number = flags.CURL_CSELECT_IN;
/** The descriptor can be written. */
export const WRITE: number = flags.CURL_CSELECT_OUT;
/** In events only: an error or the end of the stream, which is always reported. */
export const FAILED: number = flags.CURL_CSELECT_ERR;

/**
 * The bits to report for an event. The kernel may report an error a moment before it reports that
 * there is something to read, and what the error was is only found out by reading or writing. So an
 * error alone is reported together with the directions that were asked for.
 */
export function bitsToTell(mask: number, interest: number): number {
  return mask === FAILED ? mask | interest : mask;
}

/** The operations of every poller. */
export interface Poller {
  /** The poller's own descriptor. */
  readonly fd: number;
  /** The most events that one {@linkcode ready} takes. The next call takes the others. */
  readonly capacity: number;
  /**
   * Watches `fd` for `interest`, made of {@linkcode READ} and {@linkcode WRITE}. Replaces an
   * earlier registration of this descriptor, or of a closed one with the same number.
   *
   * @throws {CurlMultiError} where the system refuses: CURLM_BAD_SOCKET for a descriptor that is
   * not open or cannot be polled, CURLM_OUT_OF_MEMORY where it has no room for another.
   */
  set(fd: number, interest: number, tag: number): void;
  /** Stops watching `fd`. An unknown or closed descriptor is no error. */
  delete(fd: number): void;
  /**
   * Whether `fd` is still the open file that {@linkcode set} was called for: false after the number
   * was closed, even where the system has given it to another file since.
   */
  confirm(fd: number, interest: number, tag: number): boolean;
  /**
   * Takes the present events, without waiting.
   *
   * @returns how many events the next three methods can read.
   */
  ready(): number;
  /** The descriptor of an event. */
  fdAt(event: number): number;
  /** The bits of an event: {@linkcode READ}, {@linkcode WRITE}, {@linkcode FAILED}. */
  maskAt(event: number): number;
  /** The tag of an event's registration. */
  tagAt(event: number): number;
  /** Opens the descriptor that {@linkcode wake} needs, while the system may still have one. */
  prepareWake(): void;
  /** Makes the poller's own descriptor readable until the next {@linkcode ready}. */
  wake(): void;
  /** Closes the poller's descriptors. */
  close(): void;
}

/** The `errno` of a descriptor that cannot be watched: EPERM, EBADF, EINVAL. */
const UNFIT: ReadonlySet<number> = new Set([1, 9, 22]);

/** Returns the result of a system call. Throws for a negative one, by curl's name of the error. */
export function check(call: string, result: number): number {
  if (result >= 0) return result;
  const { BAD_SOCKET, OUT_OF_MEMORY } = MultiCode, text = `Cannot ${call}(): ${lastError()}`;
  throw new CurlMultiError(UNFIT.has(lastErrno()) ? BAD_SOCKET : OUT_OF_MEMORY, text);
}
