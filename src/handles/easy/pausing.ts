/**
 * Ends pauses that the driver or a callback has made, for the rooms above.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { type CurlEasyError, isEasyError } from "../../errors.ts";
import type { EasyState } from "../core/easy_state.ts";
import { pauseTransfer } from "./calls.ts";

/**
 * Ends a pause that the driver has made: the transfer receives again, unless the user has paused
 * it. The WRITEFUNCTION gets the bytes that libcurl has kept before the function returns.
 *
 * @returns the error of that callback, which libcurl does not keep.
 */
export function resumeReceiving(state: EasyState): CurlEasyError | null {
  state.run.pausedForFairness = false;
  try {
    pauseTransfer(state, state.paused);
    return null;
  } catch (error) {
    if (!isEasyError(error)) throw error;
    return state.takeError(error.code);
  }
}

/** Unpauses sending, and leaves receiving as it is. Does nothing where the handle is closed. */
export function resumeSending(state: EasyState): void {
  if (state.resources.pointer === null) return;
  pauseTransfer(state, state.paused & flags.CURLPAUSE_RECV);
}
