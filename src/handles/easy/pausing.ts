/**
 * The end of pauses that a callback has made, for the rooms above.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { CurlEasyError } from "../../errors.ts";
import type { EasyState } from "../core/easy_state.ts";
import { pauseTransfer } from "./calls.ts";
import { type Easy, stateOf } from "./easy.ts";

/**
 * Ends a pause that the driver has made: the transfer receives again, unless the user has paused
 * it. The WRITEFUNCTION gets what libcurl has kept before this returns. If it fails the driver is
 * told: `TransferObserver.failed`.
 */
export function resumeReceiving(state: EasyState): void {
  state.run.pausedForFairness = false;
  try {
    pauseTransfer(state, state.paused);
  } catch (error) {
    if (!(error instanceof CurlEasyError)) throw error;
  }
}

/** Unpauses sending, and leaves receiving as it is. Does nothing where the handle is closed. */
export function resumeSending(easy: Easy): void {
  if (!easy.closed) easy.pause(stateOf(easy).paused & flags.CURLPAUSE_RECV);
}
