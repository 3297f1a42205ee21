/**
 * The native XFERINFOFUNCTION and PROGRESSFUNCTION.
 *
 * libcurl calls the function once more after the last byte. Aborting in that call leaves the
 * connection outside the cache (7.88, and the later versions whose source was read). A connection
 * of `file:` is then closed on behalf of another handle, with that handle's data
 * (`easy/forbid_reuse.ts`). So a `file:` transfer is aborted only while bytes move, and otherwise
 * fails when it ends.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { infos } from "../../../ffi/curl/infos.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { readInfo } from "../core/info.ts";
import { type CallbackKind, dispatch } from "./dispatch.ts";
import { type EasyState, easyTokens } from "../core/easy_state.ts";

/** A result that aborts the transfer. */
export const ABORT = 1;
const { CURL_PROGRESSFUNC_CONTINUE, CURLPROTO_FILE } = flags;

type Count = number | bigint;

/** Makes a native XFERINFOFUNCTION or PROGRESSFUNCTION. */
export function onProgress(
  kind: CallbackKind,
): (token: number, dltotal: Count, dlnow: Count, ultotal: Count, ulnow: Count) => number {
  return (token, dltotal, dlnow, ultotal, ulnow) => {
    const state = easyTokens.get(token);
    if (!state) return 0;
    const moved = Number(dlnow) + Number(ulnow), moves = moved > state.run.bytesMoved;
    state.run.bytesMoved = moved;
    if (state.run.abortWhenMoving && moves) return ABORT;
    const call = (fn: (...args: unknown[]) => unknown, data: unknown) =>
      fn(data, dltotal, dlnow, ultotal, ulnow);
    const status = dispatch(token, kind, call);
    const aborts = status !== 0 && status !== CURL_PROGRESSFUNC_CONTINUE;
    if (!aborts || moves || !isFile(state)) return status;
    state.recordThrown(new CurlEasyError(Code.ABORTED_BY_CALLBACK));
    state.run.abortWhenMoving = true;
    return 0;
  };
}

function isFile(state: EasyState): boolean {
  return readInfo(state, infos.PROTOCOL) === CURLPROTO_FILE;
}
