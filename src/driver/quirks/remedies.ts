/**
 * The remedies for those oddities of the loaded libcurl (`libcurl_versions.ts`) that an event loop
 * meets. A remedy exists only where its oddity does; the driver calls all of them at the same
 * places.
 *
 * @module
 */

import type { EasyState } from "../../handles/core/easy_state.ts";
import { getInfo } from "../../handles/easy/infos.ts";
import { oddities } from "../../libcurl_versions.ts";
import type { ActiveTransfers } from "../transfers.ts";
import { asksForH2c, LostEventRecovery, mayLoseEvents } from "./lost_events.ts";
import { PausedSpin } from "./paused_spin.ts";
import { ReadAheadCheck } from "./read_ahead.ts";
import { WakeFd } from "./wake_fd.ts";

/** The remedies of one multi handle. */
export class QuirkRemedies {
  readonly #lookAtAll: () => void;
  readonly #wakeFd: WakeFd | null;
  readonly #lostEvents: LostEventRecovery | null;
  readonly #readAhead: ReadAheadCheck | null;
  readonly #pausedSpin: PausedSpin | null;
  /** A transfer has asked for HTTP/2 without TLS. */
  #anyH2c = false;

  /**
   * `lookAtAll` calls `curl_multi_socket_all`, `schedule` schedules a turn, `anyPaused` returns
   * whether a transfer is paused.
   */
  constructor(lookAtAll: () => void, schedule: () => void, anyPaused: () => boolean) {
    const loaded = oddities();
    this.#lookAtAll = lookAtAll;
    this.#wakeFd = loaded.neverDrainsWakeFd ? new WakeFd() : null;
    this.#lostEvents = loaded.mayLoseEvents ? new LostEventRecovery(lookAtAll, schedule) : null;
    this.#readAhead = loaded.keepsReadAhead ? new ReadAheadCheck(schedule) : null;
    this.#pausedSpin = loaded.spinsWhilePaused ? new PausedSpin(anyPaused) : null;
  }

  /** Whether a new transfer belongs on the watchlist although it is certainly HTTP. */
  isSuspect(easy: EasyState): boolean {
    if (this.#lostEvents === null) return false;
    const { rateLimited, reuseForbidden } = easy.settings;
    this.#anyH2c ||= asksForH2c(easy);
    if (rateLimited || reuseForbidden) return true;
    return this.#anyH2c && !/^\s*https:/i.test(getInfo(easy, "EFFECTIVE_URL") ?? "");
  }

  /** Adds a handle by calling `add`. */
  adding(add: () => void): void {
    this.touched();
    if (this.#wakeFd) this.#wakeFd.adding(add);
    else add();
  }

  /** A transfer begins, was paused or resumed. */
  touched(): void {
    this.#pausedSpin?.touched();
  }

  /** The timeout to obey when libcurl's is `timeoutMs`, both in milliseconds; -1 for none. */
  timeout(timeoutMs: number): number {
    return this.#pausedSpin ? this.#pausedSpin.timeout(timeoutMs) : timeoutMs;
  }

  /** libcurl is about to be called for its timeout. */
  beforeTimeout(): void {
    this.#pausedSpin?.acted();
  }

  /** libcurl's socket callback was called. */
  socket(fd: number, what: number): void {
    this.#wakeFd?.socket(fd, what);
  }

  /** libcurl has opened a socket with that number. */
  opened(fd: number): void {
    this.#wakeFd?.gone(fd);
  }

  /** `curl_multi_socket_action` is about to be called for an event of a socket. */
  beforeAction(fd: number): void {
    this.#wakeFd?.drain(fd);
  }

  /** A transfer has ended or was paused, while so many others are in flight. */
  stoppedReading(easy: EasyState, others: number): void {
    this.#readAhead?.stoppedReading(easy, others);
  }

  /** Calls libcurl for all its sockets where that is due. Returns whether it did. */
  lookIfDue(): boolean {
    const isDue = this.#readAhead?.take() ?? false;
    if (isDue) this.#lookAtAll();
    return isDue;
  }

  /** A round is over. Returns whether another one is needed. */
  afterRound(busy: boolean, { size, watchlist }: ActiveTransfers): boolean {
    if (this.#lostEvents === null || watchlist.size === 0) return busy;
    const isLosing = ({ easy }: { easy: EasyState }) => mayLoseEvents(easy, this.#anyH2c);
    const transfers = { size, mayLoseEvents: () => watchlist.values().some(isLosing) };
    return this.#lostEvents.afterRound(busy, transfers);
  }

  /** Cancels all timers. */
  end(): void {
    this.#lostEvents?.end();
    this.#readAhead?.end();
  }
}
