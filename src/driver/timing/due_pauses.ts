/**
 * Pauses that were due while libcurl was on the stack, in the middle of unpacking a body: they are
 * made when it has returned, before it reads on.
 *
 * @module
 */

import type { EasyState } from "../../handles/core/easy_state.ts";
import { makeDuePause } from "../../handles/easy/pausing.ts";

/** The transfers that are to be paused. */
export class DuePauses {
  readonly #due = new Set<EasyState>();

  /** Has a transfer paused. Called inside its WRITEFUNCTION. */
  add(easy: EasyState): void {
    this.#due.add(easy);
  }

  /** Pauses the transfers. Called after each call in which libcurl may have delivered bytes. */
  make(): void {
    if (this.#due.size === 0) return;
    for (const easy of this.#due) {
      this.#due.delete(easy);
      makeDuePause(easy);
    }
  }
}
