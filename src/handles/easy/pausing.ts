/**
 * Going on with what a callback has paused, for the rooms above.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { CurlEasyError } from "../../errors.ts";
import type { EasyState } from "../core/easy_state.ts";
import { pauseTransfer } from "./calls.ts";
import { type Easy, stateOf } from "./easy.ts";

/**
 * Ends the wait for its turn: it receives again, unless the user has paused it. What libcurl has
 * kept is given to the WRITEFUNCTION at once.
 *
 * @returns what went wrong there; libcurl would forget it.
 */
export function goOn(state: EasyState): CurlEasyError | null {
  state.run.pausedForFairness = false;
  try {
    pauseTransfer(state, state.paused);
    return null;
  } catch (error) {
    if (!(error instanceof CurlEasyError)) throw error;
    return state.takeError(error.code);
  }
}

/** Unpauses sending, and leaves receiving as it is. Does nothing where the handle is closed. */
export function resumeSending(easy: Easy): void {
  if (!easy.closed) easy.pause(stateOf(easy).paused & flags.CURLPAUSE_RECV);
}
