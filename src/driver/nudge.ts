/**
 * The remedy for `loses` of the quirks: while such a transfer is in flight, libcurl is asked
 * to look at everything before the agent rests, and now and then.
 *
 * @module
 */

import type { Jobs } from "./jobs.ts";
import { Deadline } from "./timer.ts";

const EVERY_MS = 100;

/** See the module. */
export class Nudge {
  readonly #again: Deadline;
  #done = false;

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
    socketAll();
    this.#again.set(EVERY_MS);
    this.#again.arm();
    return true;
  }

  /** No more nudges. */
  end(): void {
    this.#again.disarm();
  }
}
