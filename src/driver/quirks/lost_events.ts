/**
 * The recovery of events that libcurl loses with the oddity `mayLoseEvents`: a transfer could go
 * on, but libcurl names neither a socket nor a timeout for it. libcurl is asked to look at all of
 * its sockets.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import type { EasyState } from "../../handles/core/easy_state.ts";
import { isHttp1 } from "../http_version.ts";
import { isHttp, isPlainHttp } from "../protocol.ts";
import { Deadline } from "../timing/deadline.ts";

const EVERY_MS = 100;

/**
 * How long there is no second look at all sockets. A look takes 1 µs for each transfer, and may
 * take a twentieth of the time.
 */
export const restMs = (transfers: number): number => Math.floor(transfers / 50);

const { CURL_HTTP_VERSION_2_0, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE } = flags;
const H2C: readonly number[] = [CURL_HTTP_VERSION_2_0, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE];

/** Whether the options ask for HTTP/2 also without TLS. */
export function asksForH2c({ settings }: EasyState): boolean {
  return H2C.includes(settings.httpVersion);
}

/**
 * Whether the events of a transfer may be lost as it is now. `anyH2c`: a transfer has asked for
 * HTTP/2 without TLS, whose connection any other may have joined.
 */
export function mayLoseEvents(easy: EasyState, anyH2c: boolean): boolean {
  const { settings } = easy;
  if (settings.rateLimited || settings.reuseForbidden || !isHttp(easy)) return true;
  return anyH2c && isPlainHttp(easy) && !isHttp1(easy);
}

/** The transfers in flight, as far as the recovery asks. */
export interface TransferCounts {
  readonly size: number;
  /** Whether {@linkcode mayLoseEvents} is true of one of them. */
  mayLoseEvents(): boolean;
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
    if (busy || this.#done) return busy;
    this.#done = true;
    const now = performance.now(), wait = this.#restsUntil - now;
    if (wait > 0) {
      this.#lookIn(wait);
      return false;
    }
    this.#restsUntil = now + restMs(transfers.size);
    if (!transfers.mayLoseEvents()) return false;
    this.#lookAtAll();
    this.#lookIn(EVERY_MS);
    return true;
  }

  #lookIn(ms: number): void {
    this.#again.set(ms);
    this.#again.arm();
  }

  /** Cancels the next look. */
  end(): void {
    this.#again.disarm();
  }
}
