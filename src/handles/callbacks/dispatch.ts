/**
 * What every callback does around the user's function: it never throws into C, returns the
 * documented failure value, and keeps the exception for the caller.
 *
 * @module
 */

import { type AnyFunction, toStatus } from "../base/callback_results.ts";
import { type EasyState, easyTokens } from "../core/easy_state.ts";

/** A callback option, and the option that carries its data. */
export interface CallbackKind {
  readonly name: string;
  readonly id: number;
  readonly dataId: number;
  /** What C gets where the callback fails. */
  readonly failure: number;
}

/**
 * Runs the user's callback of that kind for the handle with that token. Where there is no such
 * handle or function, C gets 0, as if none were set; where it fails, C gets the failure value of the kind.
 */
export function dispatch(
  token: number,
  kind: CallbackKind,
  call: (fn: AnyFunction, data: unknown, state: EasyState) => unknown,
): number {
  const state = easyTokens.get(token), fn = state?.settings.functions.get(kind.id);
  if (!state || !fn) return 0;
  state.enter();
  try {
    return toStatus(call(fn, state.settings.data.get(kind.dataId), state), kind.name);
  } catch (error) {
    state.threw(error);
    return kind.failure;
  } finally {
    state.leave();
  }
}
