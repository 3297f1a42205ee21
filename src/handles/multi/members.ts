/**
 * The easy handles of a multi: what has to hold before one comes in, and what is done around it.
 *
 * @module
 */

import { library } from "../../../ffi/mod.ts";
import { CurlMultiError, MultiCode } from "../../errors.ts";
import type { EasyState } from "../core/easy_state.ts";
import { refuseLost } from "../easy/connect_only.ts";
import { type Easy, isEasy, stateOf } from "../easy/easy.ts";
import { guardReuse } from "../easy/forbid_reuse.ts";
import { watchSockets } from "../easy/functions.ts";
import { renewResolve, renewUrl } from "../easy/options.ts";
import { revive } from "./abort_all.ts";
import type { MultiState } from "./state.ts";

/** The state of an easy. Throws CURLM_BAD_EASY_HANDLE for what is none, or closed. */
export function openState(easy: Easy): EasyState {
  const state = isEasy(easy) ? stateOf(easy) : undefined;
  if (!state || state.resources.pointer === null) {
    throw new CurlMultiError(MultiCode.BAD_EASY_HANDLE, "Expected an open Easy");
  }
  return state;
}

/** Adds an easy: `curl_multi_add_handle`. */
export function addEasy(state: MultiState, easy: Easy): void {
  const { pointer } = state;
  const added = openState(easy);
  state.refuseInCallback("add a handle");
  // one in a callback of its own is in use too: that would end here, but began elsewhere
  if (added.multi || added.depth > 0) throw new CurlMultiError(MultiCode.ADDED_ALREADY);
  if (added.trailed) throw added.trailedError();
  refuseLost(added);
  revive(state);
  renewUrl(added);
  renewResolve(added, state.resources.token);
  guardReuse(added, true, added.alone);
  added.sends();
  added.pin(easy);
  added.multi = state; // before the call: its callbacks count for this multi
  const { observer, observerHook } = state;
  if (observer && observerHook) watchSockets(added, observer, observerHook);
  if (added.closeHook) state.keepHook(added.closeHook);
  state.adding = true;
  const { symbols } = library();
  let code = symbols.curl_multi_add_handle(pointer, added.pointer);
  state.adding = false;
  if (state.addFailed) {
    // libcurl hears of it in here: while it adds, before 8.10, it would leave the handle half
    // added, and removing that one would lose all others
    symbols.curl_multi_remove_handle(pointer, added.pointer);
    state.addFailed = false;
    code = MultiCode.ABORTED_BY_CALLBACK;
  }
  if (code === MultiCode.OK) state.keep(added);
  else {
    added.multi = null;
    added.unpin();
  }
  state.finish(code);
}

/** Removes all easies of a multi that is about to close. */
export function removeAll(state: MultiState): void {
  const { curl_multi_remove_handle } = library().symbols;
  for (const easy of [...state.easies]) {
    curl_multi_remove_handle(state.pointer, easy.pointer);
    state.forget(easy);
  }
}
