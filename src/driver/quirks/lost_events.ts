/**
 * The recovery of events that libcurl loses with the oddity `mayLoseEvents`: a transfer could go
 * on, but libcurl names neither a socket nor a timeout for it. libcurl is asked to look at all of
 * its sockets.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import type { EasyState } from "../../handles/core/easy_state.ts";
import { curluText } from "../../handles/easy/forbid_reuse.ts";
import { getInfo } from "../../handles/easy/infos.ts";
import { Deadline } from "../timing/deadline.ts";

const EVERY_MS = 100;

/**
 * How long there is no second look at all sockets. A look takes 1 µs for each transfer, and may
 * take a twentieth of the time.
 */
export const restMs = (transfers: number): number => Math.floor(transfers / 50);

const { CURL_HTTP_VERSION_2_0, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE } = flags;
const H2C: readonly number[] = [CURL_HTTP_VERSION_2_0, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE];

/** Whether a transfer that begins is of a kind whose events may be lost. */
export function mayLoseEvents(easy: EasyState): boolean {
  const { settings } = easy, { httpVersion } = settings;
  if (settings.rateLimited || settings.reuseForbidden) return true;
  const mayBeH2c = H2C.includes(httpVersion);
  if (settings.ftpOrigin === null && !mayBeH2c) return false; // an HTTP URL: to read it takes 0.3 µs
  const url = getInfo(easy, "EFFECTIVE_URL") || curluText(easy);
  return /^\s*ftps?[:.]/i.test(url) || (mayBeH2c && !/^\s*https:/i.test(url));
}

/** The transfers in flight, as far as the recovery asks. */
export interface TransferCounts {
  readonly size: number;
  /** Whether {@linkcode mayLoseEvents} is true of one of them. */
  readonly anyMayLoseEvents: boolean;
}

/** Looks at all sockets before the agent rests, and every 100 ms, while events may be lost. */
export class LostEventRecovery {
  readonly #lookAtAll: () => void;
  readonly #again: Deadline;
  /** There was a look, or one is scheduled, since anything happened. */
  #done = false;
  /** The earliest time of the next look, on the clock of `performance.now()`. */
  #restsUntil = 0;

  /** `schedule` is called when the next look is due, and has to lead to a turn. */
  constructor(lookAtAll: () => void, schedule: () => void) {
    this.#lookAtAll = lookAtAll;
    this.#again = new Deadline(() => {
      this.#done = false;
      schedule();
    });
  }

  /**
   * Looks at all sockets after a round in which nothing happened, once until something does.
   *
   * @returns whether another round is due.
   */
  afterRound(busy: boolean, transfers: TransferCounts): boolean {
    if (busy) this.#done = false;
    if (busy || this.#done || !transfers.anyMayLoseEvents) return busy;
    this.#done = true;
    const now = performance.now(), isTime = now >= this.#restsUntil;
    if (isTime) {
      this.#lookAtAll();
      this.#restsUntil = now + restMs(transfers.size);
    }
    this.#again.set(isTime ? EVERY_MS : this.#restsUntil - now);
    this.#again.arm();
    return isTime;
  }

  /** Cancels the next look. */
  end(): void {
    this.#again.disarm();
  }
}
