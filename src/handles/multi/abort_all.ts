/**
 * Aborts all transfers of a multi whose SOCKETFUNCTION or TIMERFUNCTION has returned -1: the call
 * in progress fails, and the next call aborts the transfers. With the -1 libcurl itself would crash
 * at a transfer without a connection, one that has not begun or is queued for a connection. So
 * libcurl never gets it, and curlew ends the transfers.
 *
 * @module
 */

import { result } from "../../../ffi/memory.ts";
import { library } from "../../../ffi/mod.ts";
import { Code, CurlMultiError, MultiCode } from "../../errors.ts";
import { cMessage } from "./message.ts";
import type { MultiState } from "./state.ts";

/** Ends the transfers where a callback has returned -1. The handles stay added until removed. */
export function abortAll(state: MultiState): void {
  if (!state.abortPending) return;
  const { pointer, messages, easies } = state;
  const { curl_multi_info_read, curl_multi_remove_handle } = library().symbols;
  for (;;) {
    const message = cMessage(curl_multi_info_read(pointer, result.i32));
    if (message === null) break;
    const easy = easies.get(message.easy);
    messages.push({ ...message, run: easy?.run });
    if (easy) easy.run.endReported = true;
  }
  for (const easy of easies) {
    if (easy.run.endReported) continue;
    curl_multi_remove_handle(pointer, easy.pointer);
    const { address } = easy.resources;
    messages.push({ easy: address, result: Code.ABORTED_BY_CALLBACK, run: easy.run });
    easy.run.endReported = easy.run.alreadyDetached = true;
  }
  state.abortPending = false; // last, since removing runs callbacks
}

/**
 * Makes a multi usable again after a -1, where none of its transfers is running. Throws
 * CURLM_ABORTED_BY_CALLBACK while one is.
 */
export function clearAbort(state: MultiState): void {
  if (!state.abortPending) return;
  for (const easy of state.easies) {
    if (!easy.run.endReported) throw new CurlMultiError(MultiCode.ABORTED_BY_CALLBACK);
  }
  state.abortPending = false;
}
