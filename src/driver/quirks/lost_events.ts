/**
 * The recovery of lost events (oddity `mayLoseEvents`): a transfer could continue, but libcurl
 * names neither a socket nor a timeout for it. The remedy is `curl_multi_socket_all`, by which
 * libcurl checks all of its sockets.
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
 * The least time between two checks of all sockets. A check takes 1 µs for each transfer, so that
 * all checks take at most 5 % of a thread.
 */
export const restMs = (transfers: number): number => Math.floor(transfers / 50);

const { CURL_HTTP_VERSION_2_0, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE } = flags;
const H2C: readonly number[] = [CURL_HTTP_VERSION_2_0, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE];

/** Whether the options ask for HTTP/2 without TLS. */
export function asksForH2c({ settings }: EasyState): boolean {
  return H2C.includes(settings.httpVersion);
}

/**
 * Whether the events of a transfer may be lost in its present state. `anyH2c`: a transfer has asked
 * for HTTP/2 without TLS, and any other may have joined its connection.
 */
export function mayLoseEvents(easy: EasyState, anyH2c: boolean): boolean {
  const { settings } = easy;
  if (settings.rateLimited || settings.reuseForbidden || !isHttp(easy)) return true;
  return anyH2c && isPlainHttp(easy) && !isHttp1(easy);
}

/** What the recovery reads of the transfers in flight. */
export interface TransferCounts {
  readonly size: number;
  /** Whether {@linkcode mayLoseEvents} holds for one of them. */
  mayLoseEvents(): boolean;
}

/** Checks all sockets before the agent parks, and every 100 ms, while events may be lost. */
export class LostEventRecovery {
  readonly #lookAtAll: () => void;
  readonly #again: Deadline;
  /** Whether a check was made or scheduled since the last event. */
  #done = false;
  /** The earliest time of the next check, on the clock of `performance.now()`. */
  #restsUntil = 0;

  /** `schedule` is called when the next check is due, and has to schedule a turn. */
  constructor(lookAtAll: () => void, schedule: () => void) {
    this.#lookAtAll = lookAtAll;
    this.#again = new Deadline(() => {
      this.#done = false;
      schedule();
    });
  }

  /**
   * Checks all sockets after a round in which nothing happened, once until something happens.
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

  /** Cancels the next check. */
  end(): void {
    this.#again.disarm();
  }
}
