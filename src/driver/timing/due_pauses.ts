/**
 * Due pauses: pauses that fell into the unpacking of a body, while libcurl was on the stack. They
 * are made when libcurl has returned, before it reads more.
 *
 * @module
 */

import type { EasyState } from "../../handles/core/easy_state.ts";
import { makeDuePause } from "../../handles/easy/pausing.ts";

/** The transfers to pause when libcurl has returned. */
export class DuePauses {
  readonly #due = new Set<EasyState>();

  /** Adds a transfer. Called inside its WRITEFUNCTION. */
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
