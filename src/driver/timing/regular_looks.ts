/**
 * Regular calls of libcurl ("looks"), for limits that it compares only when it is called, and for
 * which it sets no timeout: SERVER_RESPONSE_TIMEOUT and other times of protocols that are not HTTP,
 * such as the one after which TFTP sends a datagram again, and limits that were changed while the
 * transfer runs. `curl_easy_perform` calls at least once a second, and so does the agent while
 * there is such a transfer.
 *
 * @module
 */

import { isHttp } from "../protocol.ts";
import type { ActiveTransfer } from "../transfers.ts";
import { Deadline } from "./deadline.ts";

/** The interval: a moment more than a second, since most limits are whole seconds. */
const EVERY_MS = 1050;
/** The least time between two looks, however often a limit is changed. */
const LEAST_MS = 100;
/** libcurl counts TIMEOUT_MS from a moment after the transfer was added. */
const SLACK_MS = 10;

/** Decides when libcurl has to be called for all transfers. */
export class RegularLooks {
  readonly #watchlist: ReadonlySet<ActiveTransfer>;
  readonly #alarm: Deadline;
  /** When the last look was, on the clock of `performance.now()`. */
  #last = -LEAST_MS;

  /** `schedule` is called when a look may be due, and has to schedule a turn. */
  constructor(watchlist: ReadonlySet<ActiveTransfer>, schedule: () => void) {
    this.#watchlist = watchlist;
    this.#alarm = new Deadline(schedule);
  }

  /** A transfer was added to the watchlist. */
  watch(): void {
    if (!this.#alarm.pending) this.#lookIn(EVERY_MS);
  }

  /** A limit of a transfer of the watchlist was changed. */
  limitChanged(): void {
    this.#lookIn(Math.max(this.#last + LEAST_MS - performance.now(), 0));
  }

  #lookIn(ms: number): void {
    this.#alarm.set(ms);
    this.#alarm.arm();
  }

  /** Whether a look is due; it then counts as done. */
  take(): boolean {
    if (!this.#alarm.take() || this.#watchlist.size === 0) return false;
    const now = performance.now();
    let isDue = false, next = EVERY_MS;
    for (const transfer of this.#watchlist) {
      if (transfer.limitChanged) next = Math.min(next, untilTimeout(transfer, now));
      isDue ||= transfer.limitChanged || !isHttp(transfer.easy);
    }
    if (isDue) this.#last = now;
    this.#lookIn(next);
    return isDue;
  }

  /** Cancels the next look. */
  end(): void {
    this.#alarm.disarm();
  }
}

/** Milliseconds until the TIMEOUT_MS of a transfer; Infinity where it has none or it is over. */
function untilTimeout({ easy, started }: ActiveTransfer, now: number): number {
  const { timeoutMs } = easy.settings, left = started + timeoutMs + SLACK_MS - now;
  return timeoutMs > 0 && left > 0 ? left : Infinity;
}
