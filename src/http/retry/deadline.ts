/**
 * `Deadline`: the time limit and the signal of a call that consists of several requests, and of
 * pauses and functions of the caller between them.
 *
 * @module
 */

import { clearTimeout, setTimeout } from "node:timers";
import { Code } from "../../errors.ts";
import { onAbort, reasonOf, throwIfAborted } from "../../signals.ts";
import { codedError } from "../errors.ts";

/** A time limit and a signal. */
export class Deadline {
  readonly signal: AbortSignal | null;
  readonly #timeout: number;
  readonly #url: string;
  /** Returns the time left in ms: 0 for no limit, else at least 1. */
  readonly remaining: () => number;

  /** `remaining` is the countdown of the timeout; `url` is for error messages. */
  constructor(
    timeout: number,
    remaining: () => number,
    signal: AbortSignal | null,
    url: string,
  ) {
    this.#timeout = timeout;
    this.remaining = remaining;
    this.signal = signal;
    this.#url = url;
  }

  /** Whether a pause of that length ends in time. */
  leaves(pause: number): boolean {
    const remaining = this.remaining();
    return remaining === 0 || pause < remaining;
  }

  /**
   * Waits for a promise of the caller. Throws its rejection, the signal's reason, or the
   * `TypeError` of a timeout, whichever comes first.
   */
  async wait<T>(promise: Promise<T>): Promise<T> {
    throwIfAborted(this.signal);
    const { promise: end, reject } = Promise.withResolvers<never>();
    const remaining = this.remaining(), { signal } = this;
    const timer = remaining === 0 ? undefined : setTimeout(() => reject(this.#late()), remaining);
    const unlisten = signal ? onAbort(signal, () => reject(reasonOf(signal))) : undefined;
    try {
      return await Promise.race([promise, end]);
    } finally {
      clearTimeout(timer);
      unlisten?.();
    }
  }

  /** Waits for `ms` milliseconds. Throws the signal's reason if it is aborted meanwhile. */
  async pause(ms: number): Promise<void> {
    throwIfAborted(this.signal);
    const { promise, resolve, reject } = Promise.withResolvers<void>(), { signal } = this;
    const timer = setTimeout(resolve, ms);
    const unlisten = signal ? onAbort(signal, () => reject(reasonOf(signal))) : undefined;
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      unlisten?.();
    }
  }

  #late(): TypeError {
    const why = `it takes longer than the timeout of ${this.#timeout} ms`;
    return codedError(this.#url, why, Code.OPERATION_TIMEDOUT);
  }
}
