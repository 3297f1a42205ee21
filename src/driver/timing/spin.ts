/**
 * Spinning: polling again at once where nothing is ready, instead of a wait by the runtime, which
 * takes longer than a request on the loopback interface. The loop spins only after a wait shorter
 * than 0.05 ms, so transfers to other machines cost nothing, and for no longer than that, since the
 * application waits for the end of the turn meanwhile.
 *
 * @module
 */

/** The longest time to spin, in milliseconds. */
const SPIN_MS = 0.05;

/** Decides whether a turn spins, by the length of its last wait. */
export class Spin {
  readonly #longest: number;
  /**
   * The time since which nothing was ready, on the clock of `performance.now()`; 0 where something
   * was.
   */
  #since = 0;
  #isWorthIt = false;

  /** Spins for at most `longest` milliseconds; 0 turns spinning off. */
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

  /** Other work was done, so the time until the next event is not a wait. */
  restart(): void {
    this.#since = 0;
  }
}
