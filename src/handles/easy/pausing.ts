/**
 * Pauses that the driver or a callback of the upper rooms makes and ends.
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
  // a pause has libcurl read once more, and another pause would have it do so again
  if (state.paused & flags.CURLPAUSE_RECV) return false;
  state.run.pauseDue = true;
  state.multi?.observer?.pauseDue(state);
  return false;
}

/** Makes a pause that was due when libcurl was on the stack, unless the transfer is over. */
export function makeDuePause(state: EasyState): void {
  const { run } = state;
  if (state.multi === null || !(run.pauseDue || run.pausedForFairness)) return;
  tryPause(state, run.pauseDue ? state.paused | flags.CURLPAUSE_RECV : state.paused);
}

/** The driver is told of errors. One without a connection, which has ended just now, needs no pause. */
function tryPause(state: EasyState, action: number): void {
  try {
    pauseTransfer(state, action);
  } catch (error) {
    if (!isEasyError(error)) throw error;
  }
}

/**
 * Pauses and resumes as `Easy.pause` does. A transfer that may unpack to any length takes turns with
 * others: libcurl would go on with all of them in one call.
 */
export function pauseInTurn(state: EasyState, action: number): void {
  const { CURLPAUSE_RECV } = flags;
  const resumes = (state.paused & CURLPAUSE_RECV) !== 0 && (action & CURLPAUSE_RECV) === 0;
  if (resumes && state.run.decoding === "unbounded") state.multi?.observer?.queue(state);
  pauseTransfer(state, action);
}

/**
 * Ends a pause that the driver has made: the transfer receives again, unless the user has paused
 * it. The WRITEFUNCTION gets what libcurl has kept before this returns. If it fails the driver is
 * told: `TransferObserver.failed`.
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
