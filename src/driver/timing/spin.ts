/**
 * The decision to poll again at once where nothing is ready, instead of waiting by the runtime,
 * which takes longer than a request on the loopback interface. The loop spins only after a wait
 * that was that short, so transfers from farther away cost nothing; and never for long, since the
 * application waits for the end of the turn meanwhile.
 *
 * @module
 */

/** The longest time to spin. */
const SPIN_MS = 0.05;

/** Decides whether a turn spins, by how long its last wait was. */
export class Spin {
  readonly #longest: number;
  /** Since when nothing was ready, on the clock of `performance.now()`; 0 where something was. */
  #since = 0;
  #isWorthIt = false;

  /** Spins for so many milliseconds at most; with 0 never. */
  constructor(longest: number = SPIN_MS) {
    this.#longest = longest;
  }

  /** Whether to poll again at once, where nothing was ready. */
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

  /** Other work was done, so the time until the next event says nothing. */
  restart(): void {
    this.#since = 0;
  }
}
