/**
 * Adds easy handles to a multi and removes them: the conditions, and the steps around libcurl's
 * call.
 *
 * @module
 */

import { library } from "../../../ffi/mod.ts";
import { CurlMultiError, MultiCode } from "../../errors.ts";
import type { EasyState } from "../core/easy_state.ts";
import { refuseLostConnection } from "../easy/connect_only.ts";
import { type Easy, isEasy, stateOf } from "../easy/easy.ts";
import { guardReuse } from "../easy/forbid_reuse.ts";
import { openFiles, watchSockets } from "../easy/functions.ts";
import { rereadCurlu, rereadResolve } from "../easy/options.ts";
import { clearAbort } from "./abort_all.ts";
import type { MultiState } from "./state.ts";

/** The state of an open easy handle. Throws CURLM_BAD_EASY_HANDLE for any other value. */
export function openState(easy: Easy): EasyState {
  const state = isEasy(easy) ? stateOf(easy) : undefined;
  if (!state || state.resources.pointer === null) {
    throw new CurlMultiError(MultiCode.BAD_EASY_HANDLE, "Expected an open Easy");
  }
  return state;
}

/** Adds an easy handle: `curl_multi_add_handle`. */
export function addEasy(state: MultiState, easy: Easy): void {
  const { pointer } = state;
  const added = openState(easy);
  state.refuseInCallback("add a handle");
  // a callback of the handle that has begun outside this multi must not end inside it
  if (added.multi || added.depth > 0) throw new CurlMultiError(MultiCode.ADDED_ALREADY);
  if (added.trailersSent) throw added.trailersSentError();
  refuseLostConnection(added);
  clearAbort(state);
  rereadCurlu(added);
  rereadResolve(added, state.resources.token);
  guardReuse(added, true, added.alone);
  openFiles(added);
  added.markSending();
  added.pin(easy);
  added.multi = state; // before the call, since its callbacks count for this multi
  const { observer, observerHook } = state;
  if (observer && observerHook) watchSockets(added, observer, observerHook);
  if (added.closeHook) state.keepHook(added.closeHook);
  state.adding = true;
  const { symbols } = library();
  let code = symbols.curl_multi_add_handle(pointer, added.pointer);
  state.adding = false;
  if (state.addFailed) {
    // libcurl did not get the failure: before 8.10 it would add the handle only partly, and
    // removing that handle would lose all others
    symbols.curl_multi_remove_handle(pointer, added.pointer);
    state.addFailed = false;
    code = MultiCode.ABORTED_BY_CALLBACK;
  }
  if (code === MultiCode.OK) state.afterAdd(added);
  else {
    added.multi = null;
    added.unpin();
  }
  state.finish(code);
}

/** Removes all easy handles of a multi that is about to be closed. */
export function removeAll(state: MultiState): void {
  const { curl_multi_remove_handle } = library().symbols;
  for (const easy of [...state.easies]) {
    curl_multi_remove_handle(state.pointer, easy.pointer);
    state.afterRemove(easy);
  }
}
