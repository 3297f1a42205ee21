/**
 * What the two feeders have in common, that of a stream and that of a file.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { flags } from "../../../ffi/curl/flags.ts";

/** Gives the bytes of a body to the READFUNCTION of one transfer. */
export interface Feeder {
  /** The value for READFUNCTION. */
  readonly readFunction: (buffer: Uint8Array) => number;
  /** Whether the body has ended, or is not needed any more. */
  readonly done: boolean;
  /** Whether READFUNCTION has paused the transfer. */
  readonly paused: boolean;
  /** How many bytes READFUNCTION has given, since the beginning or the last seek. */
  readonly bytesRead: number;
  /** SEEKFUNCTION. */
  seek(offset: number, origin: number): number;
  /** Ends the body, and releases its source. */
  cancel(reason: unknown): void;
}

/** Pauses the sending of a transfer by its READFUNCTION. */
export class SendingPause {
  readonly #resume: () => void;
  #isOn = false;
  #ending = false;

  /** `resume` continues the transfer. */
  constructor(resume: () => void) {
    this.#resume = resume;
  }

  /** Whether the transfer is paused. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** Begins the pause. Returns the result for READFUNCTION. */
  begin(): number {
    this.#isOn = true;
    return flags.CURL_READFUNC_PAUSE;
  }

  /** Begins a pause for one macrotask, until libcurl has received. */
  beginBriefly(): number {
    const result = this.begin();
    this.endSoon();
    return result;
  }

  /** Resumes in a macrotask, so that all chunks that are ready by then are sent together. */
  endSoon(): void {
    if (!this.#isOn || this.#ending) return;
    this.#ending = true;
    setImmediate(() => {
      this.#ending = false;
      if (!this.#isOn) return;
      this.#isOn = false;
      this.#resume();
    });
  }

  /** Forgets the pause of a transfer that reads from the beginning again, or is over. */
  clear(): void {
    this.#isOn = false;
  }
}
