/**
 * When libcurl is asked to look at everything, since it may have missed something.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import type { Easy } from "../../handles/easy/easy.ts";
import { isHttp1 } from "../http_version.ts";
import type { Jobs } from "../transfers.ts";
import { Deadline } from "../timing/deadline.ts";

const EVERY_MS = 100;
/** How long what a transfer has left may lie. Not at once: what comes next often takes it up. */
const SOON_MS = 10;
/** A look costs what there are transfers, and may cost a twentieth of the time: 1 µs for each. */
const restMs = (transfers: number): number => Math.floor(transfers / 50);

/**
 * The remedy for the oddity `mayLoseEvents`: while such a transfer is in flight, before the agent
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

const { CURLPROTO_HTTPS } = flags;

/** Whether others may use its connection at the same time: also before there was an answer. */
function mayShare(easy: Easy): boolean {
  return !isHttp1(easy) && (easy.getInfo("PROTOCOL") & CURLPROTO_HTTPS) !== 0;
}

/**
 * The remedy for the oddity `keepsReadAhead`: soon after such a transfer has ended or paused, at
 * most once for all that did meanwhile.
 */
export class Leftovers {
  readonly #look: Deadline;

  /** `schedule` has a turn come when it is time to look. */
  constructor(schedule: () => void) {
    this.#look = new Deadline(schedule);
  }

  /** A transfer reads no more, beside so many others. */
  left(easy: Easy, others: number): void {
    if (others < 1 || this.#look.pending || !mayShare(easy)) return;
    this.#look.set(Math.max(SOON_MS, restMs(others)));
    this.#look.arm();
  }

  /** Whether it is time to look; then it counts as done. */
  due(): boolean {
    return this.#look.take();
  }

  /** Looks no more. */
  end(): void {
    this.#look.disarm();
  }
}
