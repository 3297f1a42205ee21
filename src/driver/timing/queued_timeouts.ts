/**
 * TIMEOUT_MS of transfers that wait for a connection, since there may be no more: libcurl counts
 * that time, but looks at it only once the transfer goes on.
 *
 * @module
 */

import type { Job, Jobs } from "../transfers.ts";
import { Deadline } from "./deadline.ts";

/** libcurl ends what it can itself, in its own words; this is what it is late then, at least. */
const GRACE_MS = 50;
/** How seldom all transfers are looked at. */
const LOOK_MS = 50;

/** See the module. */
export class Timeouts {
  readonly #jobs: Jobs;
  readonly #alarm: Deadline;
  /** When the next one may be late, on the clock of `performance.now()`. */
  #next = Infinity;

  /** `schedule` has a turn come when one may be late. */
  constructor(jobs: Jobs, schedule: () => void) {
    this.#jobs = jobs;
    this.#alarm = new Deadline(schedule);
  }

  /** A transfer has begun. */
  watch(job: Job): void {
    const at = lateAt(job);
    if (at < this.#next) this.#lookAt(at);
  }

  #lookAt(at: number): void {
    this.#next = at;
    this.#alarm.set(at === Infinity ? -1 : Math.max(at - performance.now(), 0));
    this.#alarm.arm();
  }

  /** Those that libcurl has not ended in time. */
  late(): Job[] {
    const late: Job[] = [];
    if (!this.#alarm.take()) return late;
    const now = performance.now();
    let next = Infinity;
    for (const job of this.#jobs) {
      const at = lateAt(job); // not kept: the option may be changed meanwhile
      if (at <= now) late.push(job);
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

function lateAt({ easy, started }: Job): number {
  const { timeoutMs } = easy.settings;
  return timeoutMs > 0 ? started + timeoutMs + GRACE_MS : Infinity;
}
