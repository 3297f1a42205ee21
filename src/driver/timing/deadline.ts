/**
 * A deadline with a timer: libcurl's own timeout, and those of the driver.
 *
 * @module
 */

import { clearTimeout, setTimeout } from "node:timers";

/** The longest delay of `setTimeout`, which fires at once for a longer one. */
const LONGEST = 0x7fffffff;

/** A point in time, and at most one timer of the runtime for it. */
export class Deadline {
  readonly #fire: () => void;
  /** The deadline on the clock of `performance.now()`, Infinity for none. */
  #at = Infinity;
  #armedAt = Infinity;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `fire` is called when the deadline is over, if a timer was started for it. */
  constructor(fire: () => void) {
    this.#fire = fire;
  }

  /** Replaces the deadline: in milliseconds from now, negative for none. */
  set(timeoutMs: number): void {
    this.#at = timeoutMs < 0 ? Infinity : timeoutMs === 0 ? 0 : performance.now() + timeoutMs;
  }

  /** Whether there is a deadline. */
  get pending(): boolean {
    return this.#at !== Infinity;
  }

  /** Milliseconds until the deadline, Infinity for none. */
  get remaining(): number {
    return this.#at - performance.now();
  }

  /** Whether there is a timer for the deadline, or for an earlier time. */
  get armed(): boolean {
    return this.#timer !== null && this.#armedAt <= this.#at;
  }

  /** Whether the deadline is over; it is then removed. */
  take(): boolean {
    if (this.#at === Infinity || (this.#at > 0 && performance.now() < this.#at)) return false;
    this.#at = Infinity;
    return true;
  }

  /** Starts a timer for the deadline, which does not keep the process alive: parking does. */
  arm(): void {
    // an earlier timer stays: when it fires, it starts the next one
    if (this.#at >= this.#armedAt) return;
    this.disarm();
    this.#armedAt = this.#at;
    const wait = Math.min(Math.max(Math.ceil(this.#at - performance.now()), 0), LONGEST);
    this.#timer = setTimeout(() => this.#alarm(), wait);
    this.#timer.unref();
  }

  #alarm(): void {
    this.#timer = null;
    this.#armedAt = Infinity;
    if (this.#at === Infinity) return;
    if (performance.now() >= this.#at) this.#fire();
    else this.arm();
  }

  /** Stops the timer. */
  disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#armedAt = Infinity;
  }
}
