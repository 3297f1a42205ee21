/**
 * The remedy for `spinsWhilePaused`: a transfer that was paused by a call, while its socket has more,
 * keeps libcurl's deadline over for as long as the pause lasts. So while there is a paused transfer,
 * libcurl is told that its deadline is over only once in a while, unless somebody has asked for
 * something since.
 *
 * @module
 */

/** The time between two calls. Sockets are served meanwhile. */
const PAUSE_MS = 2;

/** Limits how often libcurl is told that its deadline is over. */
export class PausedSpin {
  readonly #anyPaused: () => boolean;
  /** When libcurl was told last, on the clock of `performance.now()`. */
  #last = -Infinity;

  /** `anyPaused` tells whether there is a transfer that is paused. */
  constructor(anyPaused: () => boolean) {
    this.#anyPaused = anyPaused;
  }

  /** A transfer has begun, was resumed or paused: the next deadline is one of its own. */
  touched(): void {
    this.#last = -Infinity;
  }

  /** libcurl is told that its deadline is over. */
  acted(): void {
    this.#last = performance.now();
  }

  /** What is to be taken for libcurl's timeout, in milliseconds. */
  timeout(timeoutMs: number): number {
    if (timeoutMs !== 0 || !this.#anyPaused()) return timeoutMs;
    const left = this.#last + PAUSE_MS - performance.now();
    return left > 0 ? Math.ceil(left) : 0;
  }
}
