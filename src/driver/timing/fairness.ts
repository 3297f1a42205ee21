/**
 * Fairness between busy downloads, and the length of a slice of time. libcurl continues all busy
 * transfers in one call: before 8.13 with 100 buffers each, since then with 11 each, twice. A slice
 * would grow with the number of downloads, and a transfer whose socket was empty for a moment would
 * wait for all others. So a transfer that has had its share, or that still receives when the slice
 * is over, is paused by its WRITEFUNCTION, or after the call where its body is being unpacked. The
 * paused transfers are resumed one by one.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import type { EasyState } from "../../handles/core/easy_state.ts";
import { getInfo } from "../../handles/easy/infos.ts";
import { keepsRest } from "../../handles/easy/decoding.ts";
import { resumeReceiving } from "../../handles/easy/pausing.ts";
import { isHttp1 } from "../http_version.ts";
import type { DuePauses } from "./due_pauses.ts";

/** A transfer that has received fewer bytes since its last pause is not paused. */
const LEAST = 64 * 1024;
/**
 * The length of a slice. With MANY paused transfers it is shorter, because their readers run after
 * it.
 */
const SLICE_MS = 2, SHORT_SLICE_MS = 1, MANY = 16;
/** The number of bytes that a transfer may receive while others wait. */
const SHARE = 1024 * 1024;

// file:// and WebSocket cannot be paused here, and with HTTP/2 the other streams would wait too
const { CURLPROTO_HTTP, CURLPROTO_HTTPS } = flags;

function mayPause(easy: EasyState): boolean {
  const protocol = getInfo(easy, "PROTOCOL");
  return (protocol & (CURLPROTO_HTTP | CURLPROTO_HTTPS)) !== 0 && isHttp1(easy);
}

/** The queue of the transfers that are paused for others, and the slice in progress. */
export class Fairness {
  /** The paused transfers, in the order in which they are resumed. */
  readonly #queue = new Set<EasyState>();
  readonly #duePauses: DuePauses;
  #end = Infinity;

  /** `duePauses` pauses transfers that cannot pause at once. */
  constructor(duePauses: DuePauses) {
    this.#duePauses = duePauses;
  }

  /** Begins a slice that lasts until `end` on the clock of `performance.now()`. */
  beginSlice(end: number): void {
    this.#end = end;
  }

  /** Ends the slice: outside of one, transfers are paused only because of their share. */
  endSlice(): void {
    this.#end = Infinity;
  }

  /** How long a slice may take, in milliseconds. */
  get sliceMs(): number {
    return this.#queue.size > MANY ? SHORT_SLICE_MS : SLICE_MS;
  }

  /** How many transfers are paused for others. */
  get size(): number {
    return this.#queue.size;
  }

  /** The paused transfers, for checks. */
  [Symbol.iterator](): Iterator<EasyState> {
    return this.#queue.values();
  }

  /**
   * Whether a transfer that is about to receive so many bytes has to pause instead. One whose body
   * is being unpacked takes them, and is paused when libcurl has returned.
   */
  mustWait(easy: EasyState, bytes: number): boolean {
    const { run, settings } = easy, burst = run.burst += bytes;
    if (burst < LEAST) return false;
    const hadShare = burst >= SHARE && this.#queue.size > 0;
    if (!hadShare && performance.now() < this.#end) return false;
    run.burst = 0;
    if (settings.rateLimited || !mayPause(easy)) return false;
    const keeps = keepsRest(easy);
    // after a pause by a call libcurl reads once more, and would do so after another one
    if (!keeps && !run.pausedForFairness) this.#duePauses.add(easy);
    this.queue(easy);
    return keeps;
  }

  /** Queues a paused transfer: it is resumed after those before it. */
  queue(easy: EasyState): void {
    easy.run.pausedForFairness = true;
    this.#queue.add(easy);
  }

  /** Resumes the transfer that was paused first. */
  resumeNext(): void {
    const [easy] = this.#queue;
    if (!easy) return;
    this.#queue.delete(easy);
    resumeReceiving(easy);
  }

  /** Forgets a transfer that is over. */
  forget(easy: EasyState): void {
    const { run } = easy;
    if (!run.pausedForFairness) return;
    run.pausedForFairness = false;
    this.#queue.delete(easy);
  }
}
