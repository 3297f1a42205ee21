/**
 * The end of a multi whose SOCKETFUNCTION or TIMERFUNCTION has returned -1: that call fails, and
 * the next one aborts every transfer. libcurl itself crashes at a transfer that has no connection,
 * because it has not begun or waits for one: so it never hears of the -1, all is done here.
 *
 * @module
 */

import { result } from "../../../ffi/memory.ts";
import { library } from "../../../ffi/mod.ts";
import { Code, CurlMultiError, MultiCode } from "../../errors.ts";
import { cMessage } from "./message.ts";
import type { MultiState } from "./state.ts";

/** Ends the transfers of a multi that is dead. They stay in its book until they are removed. */
export function endDead(state: MultiState): void {
  if (!state.dead) return;
  const { pointer, messages, easies } = state;
  const { curl_multi_info_read, curl_multi_remove_handle } = library().symbols;
  for (;;) {
    const message = cMessage(curl_multi_info_read(pointer, result.i32));
    if (message === null) break;
    messages.push(message);
    const easy = easies.get(message.easy);
    if (easy) easy.run.endReported = true;
  }
  for (const easy of easies) {
    if (easy.run.endReported) continue;
    curl_multi_remove_handle(pointer, easy.pointer);
    messages.push({ easy: easy.resources.address, result: Code.ABORTED_BY_CALLBACK });
    easy.run.endReported = easy.run.alreadyDetached = true;
  }
  state.dead = false; // last: removing calls back
}

/** A dead multi may be used again as soon as nothing in it is running. */
export function revive(state: MultiState): void {
  if (!state.dead) return;
  for (const easy of state.easies) {
    if (!easy.run.endReported) throw new CurlMultiError(MultiCode.ABORTED_BY_CALLBACK);
  }
  state.dead = false;
}
