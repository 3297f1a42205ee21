/**
 * When libcurl is asked to look at everything, since it may have missed something.
 *
 * @module
 */

import type { Jobs } from "../transfers.ts";
import { Deadline } from "../timing/deadline.ts";

const EVERY_MS = 100;
/** A look costs what there are transfers, and may cost a twentieth of the time: 1 µs for each. */
export const restMs = (transfers: number): number => Math.floor(transfers / 50);

/**
 * The remedy for `loses` of the quirks: while such a transfer is in flight, before the agent
 * rests, and now and then.
 */
export class Nudge {
  readonly #again: Deadline;
  #done = false;
  /** There is no nudge before that, on the clock of `performance.now()`. */
  #rested = 0;

  /** `schedule` has a turn come when the next nudge is due. */
  constructor(schedule: () => void) {
    this.#again = new Deadline(() => {
      this.#done = false;
      schedule();
    });
  }

  /**
   * After a round: nudges where it was an idle one and something had happened since the last
   * nudge.
   *
   * @returns whether another round is due.
   */
  after(busy: boolean, jobs: Jobs, socketAll: () => void): boolean {
    if (busy) this.#done = false;
    if (busy || this.#done || !jobs.anyLosable) return busy;
    this.#done = true;
    const now = performance.now(), isTime = now >= this.#rested;
    if (isTime) {
      socketAll();
      this.#rested = now + restMs(jobs.size);
    }
    this.#again.set(isTime ? EVERY_MS : this.#rested - now);
    this.#again.arm();
    return isTime;
  }

  /** No more nudges. */
  end(): void {
    this.#again.disarm();
  }
}
