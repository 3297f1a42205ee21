/**
 * Which of the busy transfers may go on. libcurl goes on with all of them in one call: before
 * 8.13 with 100 buffers each, since then with 11 each, twice. So a slice lasted as long as there
 * are downloads, and one whose socket was empty for a moment had to wait for all others. Here one
 * that has had its share, or runs when the slice is over, is paused out of its WRITEFUNCTION;
 * they go on one by one.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import type { CurlEasyError } from "../../errors.ts";
import type { EasyState } from "../../handles/core/easy_state.ts";
import { getInfo } from "../../handles/easy/infos.ts";
import { goOn } from "../../handles/easy/pausing.ts";
import { isHttp1 } from "../http_version.ts";

/** Whoever had less than this since its last turn is no load, and never waits. */
const LEAST = 64 * 1024;
/** How long a turn takes at most; less beside many busy ones, whose readers come after it. */
const SLICE_MS = 2, SHORT_SLICE_MS = 1, MANY = 16;
/** How much a transfer may have while others wait. */
const SHARE = 1024 * 1024;

// file:// and WebSocket cannot be paused so, and of HTTP/2 all streams would wait
const { CURLPROTO_HTTP, CURLPROTO_HTTPS } = flags;

function mayPause(easy: EasyState): boolean {
  const protocol = getInfo(easy, "PROTOCOL");
  return (protocol & (CURLPROTO_HTTP | CURLPROTO_HTTPS)) !== 0 && isHttp1(easy);
}

/** See the module. */
export class Fairness {
  /** In their order. */
  readonly #waiting = new Set<EasyState>();
  #end = Infinity;

  /** A slice begins, until then on the clock of `performance.now()`; Infinity where one ends. */
  begin(end: number): void {
    this.#end = end;
  }

  /** How long a turn may take. */
  get sliceMs(): number {
    return this.#waiting.size > MANY ? SHORT_SLICE_MS : SLICE_MS;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Those who wait, for checks. */
  [Symbol.iterator](): Iterator<EasyState> {
    return this.#waiting.values();
  }

  /** Whether a transfer that is about to receive so many bytes has to wait with them. */
  mustWait(easy: EasyState, bytes: number): boolean {
    const { run, settings } = easy, burst = run.burst += bytes;
    if (burst < LEAST) return false;
    const hadShare = burst >= SHARE && this.#waiting.size > 0;
    if (!hadShare && performance.now() < this.#end) return false;
    run.burst = 0;
    if (settings.rateLimited || !mayPause(easy)) return false;
    run.pausedForFairness = true;
    this.#waiting.add(easy);
    return true;
  }

  /** The one that waits for the longest time goes on; `failed` where it cannot. */
  next(failed: (easy: EasyState, error: CurlEasyError) => void): void {
    const [easy] = this.#waiting;
    if (!easy) return;
    this.#waiting.delete(easy);
    const error = goOn(easy);
    if (error) failed(easy, error);
  }

  /** A transfer is over. */
  forget(easy: EasyState): void {
    const { run } = easy;
    if (!run.pausedForFairness) return;
    run.pausedForFairness = false;
    this.#waiting.delete(easy);
  }
}
