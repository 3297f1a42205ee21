/**
 * Whether to look again at once where nothing is ready, instead of leaving it to the runtime to
 * wait: on the loopback interface that takes longer than a request. Only where the last wait was
 * that short, so that transfers from farther away cost nothing, and never for long: an agent at
 * rest uses no processor, and the application waits for the end of the turn meanwhile.
 *
 * @module
 */

/** How long it is worth to look. */
const SPIN_MS = 0.05;

/** See the module. */
export class Spin {
  readonly #longest: number;
  /** Since when nothing was ready, on the clock of `performance.now()`; 0 where something is. */
  #since = 0;
  #isWorthIt = false;

  /** Looks for so many milliseconds at most; for 0 never. */
  constructor(longest: number = SPIN_MS) {
    this.#longest = longest;
  }

  /** Nothing is ready. Whether to look again at once. */
  looksAgain(): boolean {
    const now = performance.now();
    if (this.#since === 0) this.#since = now;
    return this.#isWorthIt && now - this.#since < this.#longest;
  }

  /** Sockets were ready. */
  served(): void {
    if (this.#since === 0) return;
    this.#isWorthIt = performance.now() - this.#since < this.#longest;
    this.#since = 0;
  }

  /** Something else was done: the wait begins anew. */
  restart(): void {
    this.#since = 0;
  }
}
