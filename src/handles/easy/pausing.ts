/**
 * Pauses by the driver or by callbacks of the rooms above, and their end.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { isEasyError } from "../../errors.ts";
import type { EasyState } from "../core/easy_state.ts";
import { pauseTransfer } from "./calls.ts";
import { keepsRest } from "./decoding.ts";

/**
 * Pauses a transfer whose WRITEFUNCTION is on the stack.
 *
 * @returns whether the WRITEFUNCTION is to return CURL_WRITEFUNC_PAUSE. If not, it has to take all
 * bytes, and the transfer is paused when libcurl has returned.
 */
export function pauseReceiving(state: EasyState): boolean {
  if (keepsRest(state)) return true;
  // after a pause libcurl reads once more, and a second pause would make it do so again
  if (state.paused & flags.CURLPAUSE_RECV) return false;
  state.run.pauseDue = true;
  state.multi?.observer?.pauseDue(state);
  return false;
}

/** Makes a pause that fell into a call of libcurl, unless the transfer is over. */
export function makeDuePause(state: EasyState): void {
  const { run } = state;
  if (state.multi === null || !(run.pauseDue || run.pausedForFairness)) return;
  tryPause(state, run.pauseDue ? state.paused | flags.CURLPAUSE_RECV : state.paused);
}

/** Pauses receiving, outside of libcurl's callbacks. */
export function pauseReceivingNow(state: EasyState): void {
  tryPause(state, state.paused | flags.CURLPAUSE_RECV);
}

/** Errors go to the driver. A transfer without a connection has just ended and needs no pause. */
function tryPause(state: EasyState, action: number): void {
  try {
    pauseTransfer(state, action);
  } catch (error) {
    if (!isEasyError(error)) throw error;
  }
}

/**
 * Pauses and resumes as `Easy.pause` does. A transfer that may unpack to any length is queued with
 * others to be resumed: libcurl would continue all of them in one call.
 */
export function pauseInTurn(state: EasyState, action: number): void {
  const { CURLPAUSE_RECV } = flags;
  const resumes = (state.paused & CURLPAUSE_RECV) !== 0 && (action & CURLPAUSE_RECV) === 0;
  if (resumes && state.run.decoding === "unbounded") state.multi?.observer?.queue(state);
  pauseTransfer(state, action);
}

/**
 * Ends a pause of the driver: the transfer receives again, unless the user has paused it. The
 * WRITEFUNCTION gets the bytes that libcurl has kept before this function returns. An error goes to
 * `TransferObserver.failed`.
 */
export function resumeReceiving(state: EasyState): void {
  state.run.pausedForFairness = false;
  if ((state.paused & flags.CURLPAUSE_RECV) === 0) tryPause(state, state.paused);
}

/** Unpauses sending, and leaves receiving as it is. Does nothing where the handle is closed. */
export function resumeSending(state: EasyState): void {
  if (state.resources.pointer === null) return;
  pauseTransfer(state, state.paused & flags.CURLPAUSE_RECV);
}
