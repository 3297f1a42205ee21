/**
 * Queued starts: transfers that were started inside a callback, where libcurl refuses to add a
 * handle. They begin when the callback and libcurl have returned.
 *
 * @module
 */

import { CurlMultiError, MultiCode } from "../errors.ts";
import type { Easy } from "../handles/easy/easy.ts";
import { openState } from "../handles/multi/members.ts";
import { throwIfAborted } from "../signals.ts";
import type { TransferOutcome } from "./transfers.ts";

/** Starts a transfer. Throws the error of adding the handle. */
export type Start = (easy: Easy, outcome: TransferOutcome, signal?: AbortSignal | null) => void;

interface QueuedStart {
  readonly outcome: TransferOutcome;
  readonly signal: AbortSignal | null;
}

/** The transfers of one loop that wait for the end of a callback. */
export class QueuedStarts {
  #queue = new Map<Easy, QueuedStart>();

  /** How many transfers wait. */
  get size(): number {
    return this.#queue.size;
  }

  /** Queues a transfer. Throws where it could not be started outside a callback either. */
  add(easy: Easy, outcome: TransferOutcome, signal: AbortSignal | null): void {
    const { multi, depth } = openState(easy);
    if (multi || depth > 0 || this.#queue.has(easy)) {
      throw new CurlMultiError(MultiCode.ADDED_ALREADY);
    }
    this.#queue.set(easy, { outcome, signal });
  }

  /**
   * Starts the queued transfers, and rejects one that cannot begin. Returns whether there were any.
   */
  start(start: Start): boolean {
    if (this.#queue.size === 0) return false;
    const queue = this.#queue;
    this.#queue = new Map();
    for (const [easy, { outcome, signal }] of queue) {
      try {
        throwIfAborted(signal);
        start(easy, outcome, signal);
      } catch (error) {
        outcome.reject(error);
      }
    }
    return true;
  }

  /** Rejects all queued transfers, each with an error of its own. */
  rejectAll(reason: () => unknown): void {
    const queue = this.#queue;
    this.#queue = new Map();
    for (const { outcome } of queue.values()) outcome.reject(reason());
  }
}
