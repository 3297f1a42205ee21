/**
 * The remedy for the oddity `spinsWhilePaused`: a transfer that a call has paused, while its socket
 * has more to read, keeps libcurl's timeout at 0 until it is resumed, so the event loop would never
 * wait. While a transfer is paused, the loop obeys a timeout of 0 only every 2 ms, or at once where
 * a transfer has begun, was paused or was resumed since the last time.
 *
 * @module
 */

/** The least time between two calls for a timeout of 0. Sockets are served in between. */
const PAUSE_MS = 2;

/** Limits how often libcurl is called for a timeout of 0. */
export class PausedSpin {
  readonly #anyPaused: () => boolean;
  /** When libcurl was last called for its timeout, on the clock of `performance.now()`. */
  #last = -Infinity;

  /** `anyPaused` returns whether a transfer is paused. */
  constructor(anyPaused: () => boolean) {
    this.#anyPaused = anyPaused;
  }

  /**
   * A transfer has begun, was resumed or paused: the next timeout of 0 belongs to that transfer.
   */
  touched(): void {
    this.#last = -Infinity;
  }

  /** libcurl is called for its timeout. */
  acted(): void {
    this.#last = performance.now();
  }

  /** The timeout to obey when libcurl's is `timeoutMs`, both in milliseconds; -1 for none. */
  timeout(timeoutMs: number): number {
    if (timeoutMs !== 0 || !this.#anyPaused()) return timeoutMs;
    const left = this.#last + PAUSE_MS - performance.now();
    return left > 0 ? Math.ceil(left) : 0;
  }
}
