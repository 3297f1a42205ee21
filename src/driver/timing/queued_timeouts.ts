/**
 * The TIMEOUT_MS of transfers that are queued for one of `maxConnections`. libcurl counts the time
 * in the queue, but compares it with the limit only when the transfer continues.
 *
 * @module
 */

import type { ActiveTransfer, ActiveTransfers } from "../transfers.ts";
import { Deadline } from "./deadline.ts";

/** The time after a timeout in which libcurl may still end the transfer itself. */
const GRACE_MS = 50;
/** The least time between two visits of all transfers. */
const LOOK_MS = 50;

/** Finds the transfers that libcurl has not ended in time. */
export class QueuedTimeouts {
  readonly #transfers: ActiveTransfers;
  readonly #alarm: Deadline;
  /** When the next transfer may be late, on the clock of `performance.now()`. */
  #next = Infinity;

  /** `schedule` is called when a transfer may be late, and has to schedule a turn. */
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

  /** The transfers that libcurl has not ended in time. */
  late(): ActiveTransfer[] {
    const late: ActiveTransfer[] = [];
    if (!this.#alarm.take()) return late;
    const now = performance.now();
    let next = Infinity;
    for (const transfer of this.#transfers) {
      const at = lateAt(transfer); // computed anew: the option may have changed
      if (at <= now) late.push(transfer);
      else next = Math.min(next, at);
    }
    this.#lookAt(Math.max(next, now + LOOK_MS));
    return late;
  }

  /** Cancels the next visit. */
  end(): void {
    this.#alarm.disarm();
  }
}

function lateAt({ easy, started }: ActiveTransfer): number {
  const { timeoutMs } = easy.settings;
  return timeoutMs > 0 ? started + timeoutMs + GRACE_MS : Infinity;
}
