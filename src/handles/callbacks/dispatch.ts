/**
 * Dispatches a native callback to the user's function. An exception never reaches C: C gets the
 * documented failure value, and the exception is recorded for the caller of libcurl.
 *
 * @module
 */

import { type AnyFunction, toStatus } from "../base/callback_results.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { type EasyState, easyTokens } from "../core/easy_state.ts";

/** A callback option, with its `*DATA` option. */
export interface CallbackKind {
  readonly name: string;
  readonly id: number;
  readonly dataId: number;
  /** The result for C where the callback fails. */
  readonly failure: number;
}

/** Ends the transfer of a callback whose failure libcurl ignores, where a driver can. */
function failIgnored(state: EasyState, cause: unknown): void {
  state.multi?.observer?.failed(
    state,
    new CurlEasyError(Code.ABORTED_BY_CALLBACK, "A callback failed", { cause }),
  );
}

/**
 * Calls the user's function of one kind, for the handle of `token`. C gets 0 where the token is
 * invalid or no function is set, and the failure value of the kind where the function throws or
 * returns no integer.
 */
export function dispatch(
  token: number,
  kind: CallbackKind,
  call: (fn: AnyFunction, data: unknown, state: EasyState) => unknown,
): number {
  const state = easyTokens.get(token), fn = state?.settings.functions.get(kind.id);
  if (!state || !fn) return 0;
  state.enterCallback();
  try {
    return toStatus(call(fn, state.settings.data.get(kind.dataId), state), kind.name);
  } catch (error) {
    state.recordThrown(error);
    if (kind.failure === 0) failIgnored(state, error);
    return kind.failure;
  } finally {
    state.leaveCallback();
  }
}
