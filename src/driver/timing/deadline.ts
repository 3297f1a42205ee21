/**
 * libcurl's one deadline.
 *
 * @module
 */

import { clearTimeout, setTimeout } from "node:timers";

/** More than this fires at once. */
const LONGEST = 0x7fffffff;

/** When libcurl wants `socketAction(CURL_SOCKET_TIMEOUT)`. */
export class Deadline {
  readonly #fire: () => void;
  /** On the clock of `performance.now()`; Infinity for none. */
  #at = Infinity;
  #armedAt = Infinity;
  #handle: ReturnType<typeof setTimeout> | null = null;

  /** `fire` is called once it is due, if it was armed. */
  constructor(fire: () => void) {
    this.#fire = fire;
  }

  /** Replaces the deadline: milliseconds from now, negative for none. */
  set(timeoutMs: number): void {
    this.#at = timeoutMs < 0 ? Infinity : timeoutMs === 0 ? 0 : performance.now() + timeoutMs;
  }

  /** Whether there is a deadline. */
  get pending(): boolean {
    return this.#at !== Infinity;
  }

  /** Milliseconds until then, Infinity for none. */
  get remaining(): number {
    return this.#at - performance.now();
  }

  /** Whether there is an alarm for it, or an earlier one. */
  get armed(): boolean {
    return this.#handle !== null && this.#armedAt <= this.#at;
  }

  /** Whether it is over; then it counts as served. */
  take(): boolean {
    if (this.#at === Infinity || (this.#at > 0 && performance.now() < this.#at)) return false;
    this.#at = Infinity;
    return true;
  }

  /** Has the runtime call when it is over. Does not keep the process alive: a park does. */
  arm(): void {
    // an earlier alarm stays: it looks at the clock and sets the next one
    if (this.#at >= this.#armedAt) return;
    this.disarm();
    this.#armedAt = this.#at;
    const wait = Math.min(Math.max(Math.ceil(this.#at - performance.now()), 0), LONGEST);
    this.#handle = setTimeout(() => this.#alarm(), wait);
    this.#handle.unref();
  }

  #alarm(): void {
    this.#handle = null;
    this.#armedAt = Infinity;
    if (this.#at === Infinity) return;
    if (performance.now() >= this.#at) this.#fire();
    else this.arm();
  }

  /** Takes the alarm back. */
  disarm(): void {
    if (this.#handle !== null) clearTimeout(this.#handle);
    this.#handle = null;
    this.#armedAt = Infinity;
  }
}
