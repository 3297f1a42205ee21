/**
 * TIMEOUT_MS of transfers that wait for a connection, since there may be no more: libcurl counts
 * that time, but looks at it only once the transfer goes on.
 *
 * @module
 */

import type { ActiveTransfer, ActiveTransfers } from "../transfers.ts";
import { Deadline } from "./deadline.ts";

/** libcurl ends what it can itself, in its own words; this is what it is late then, at least. */
const GRACE_MS = 50;
/** How seldom all transfers are looked at. */
const LOOK_MS = 50;

/** See the module. */
export class QueuedTimeouts {
  readonly #transfers: ActiveTransfers;
  readonly #alarm: Deadline;
  /** When the next one may be late, on the clock of `performance.now()`. */
  #next = Infinity;

  /** `schedule` has a turn come when one may be late. */
  constructor(transfers: ActiveTransfers, schedule: () => void) {
    this.#transfers = transfers;
    this.#alarm = new Deadline(schedule);
  }

  /** A transfer has begun. */
  watch(transfer: ActiveTransfer): void {
    const at = lateAt(transfer);
    if (at < this.#next) this.#lookAt(at);
  }

  #lookAt(at: number): void {
    this.#next = at;
    this.#alarm.set(at === Infinity ? -1 : Math.max(at - performance.now(), 0));
    this.#alarm.arm();
  }

  /** Those that libcurl has not ended in time. */
  late(): ActiveTransfer[] {
    const late: ActiveTransfer[] = [];
    if (!this.#alarm.take()) return late;
    const now = performance.now();
    let next = Infinity;
    for (const transfer of this.#transfers) {
      const at = lateAt(transfer); // not kept: the option may be changed meanwhile
      if (at <= now) late.push(transfer);
      else next = Math.min(next, at);
    }
    this.#lookAt(Math.max(next, now + LOOK_MS));
    return late;
  }

  /** Looks no more. */
  end(): void {
    this.#alarm.disarm();
  }
}

function lateAt({ easy, started }: ActiveTransfer): number {
  const { timeoutMs } = easy.settings;
  return timeoutMs > 0 ? started + timeoutMs + GRACE_MS : Infinity;
}
