/**
 * The calls of an easy handle that may run callbacks, with the steps that libcurl needs before and
 * after each.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { result } from "../../../ffi/memory.ts";
import { library, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { oddities } from "../../libcurl_versions.ts";
import { word } from "../base/arguments.ts";
import { EasySettings } from "../core/easy_settings.ts";
import type { EasyState } from "../core/easy_state.ts";
import { setInitialOptions } from "./defaults.ts";
import { guardReuse } from "./forbid_reuse.ts";
import { openFiles } from "./functions.ts";
import { saveEntryPath } from "./ftp_entry_path.ts";
import { endUnreadKept, noteKept } from "./kept_connection.ts";
import { rereadCurlu, rereadResolve } from "./options.ts";
import { fillFromBlock, receiveBlock, sendBlock } from "./transport_blocks.ts";

const { CURLPAUSE_ALL, CURLPAUSE_RECV, CURLPAUSE_SEND } = flags;

/** Makes a call that may run callbacks, and throws its error. */
export function callEasy(
  state: EasyState,
  what: string,
  call: (easy: NonNullPointer) => number,
): void {
  const { pointer } = state;
  state.refuseInCallback(what);
  state.pin();
  state.resources.clearError();
  let code: number;
  try {
    code = call(pointer);
  } finally {
    state.unpin();
  }
  const error = state.takeError(code);
  if (error) throw error;
}

/** Makes a call that libcurl allows in the handle's own callbacks too. */
export function callAnywhere(
  state: EasyState,
  what: string,
  call: (easy: NonNullPointer) => number,
): void {
  const { pointer } = state;
  if (state.depth === 0) return callEasy(state, what, call);
  // exceptions of callbacks on the stack belong to the call that runs these callbacks
  const code = call(pointer);
  if (code !== Code.OK) throw new CurlEasyError(code);
}

/** The token of the multi handle that `curl_easy_perform` makes. */
const OWN_MULTI = -1;

/** Runs a transfer: `curl_easy_perform`. Returns when the transfer is over. */
export function performTransfer(state: EasyState): void {
  if (state.trailersSent) throw state.trailersSentError();
  try {
    callEasy(state, "perform the transfer", (easy) => {
      rereadCurlu(state);
      rereadResolve(state, OWN_MULTI);
      guardReuse(state, state.share !== undefined);
      openFiles(state);
      state.markSending();
      state.performed = true;
      endUnreadKept(state);
      const code = library().symbols.curl_easy_perform(easy);
      noteKept(state);
      return code;
    });
    saveEntryPath(state, Code.OK);
  } finally {
    state.flushOutput();
  }
}

/** Pauses and unpauses: `curl_easy_pause`. `flags` consists of `CURLPAUSE_*` bits. */
export function pauseTransfer(state: EasyState, flags: number): void {
  const { pointer } = state;
  const action = word("the pause", flags) | 0, before = state.paused;
  state.paused = action & CURLPAUSE_ALL; // before the call, whose callbacks may pause again
  state.pin();
  const { curl_easy_pause } = library().symbols;
  const byDriver = state.run.pausedForFairness ? CURLPAUSE_RECV : 0;
  if (state.run.readerPaused && !(action & CURLPAUSE_SEND)) {
    // while libcurl sends earlier bytes it does not act on the pause of a part yet, but remembers
    // it
    state.run.readerPaused = false;
    curl_easy_pause(pointer, (before & CURLPAUSE_RECV) | byDriver | CURLPAUSE_SEND);
  }
  state.run.pauseDue = false;
  state.run.resuming = true;
  const code = curl_easy_pause(pointer, action | byDriver);
  state.run.resuming = false;
  if (code === Code.BAD_FUNCTION_ARGUMENT) state.paused = before; // no connection yet
  state.multi?.observer?.touched(state);
  const error = code === Code.OK ? null : pauseError(state, code);
  state.unpin();
  const failed = state.multi?.takeFailure();
  if (failed) throw multiFailed(code, failed.thrown);
  if (error) throw error;
}

/**
 * The error of a failed pause. Except for a handle without a connection, a callback has refused
 * bytes that libcurl had kept: the transfer is over, whether libcurl notices or continues without
 * these bytes.
 */
function pauseError(state: EasyState, code: number): CurlEasyError {
  if (code === Code.BAD_FUNCTION_ARGUMENT) return new CurlEasyError(code);
  const { thrown } = state.run, error = state.takeError(code) as CurlEasyError;
  state.run.failed = true;
  if (state.multi?.observer) state.multi.observer.failed(state, error);
  else state.run.thrown = thrown; // for the code that receives the end of the transfer
  return error;
}

/** The error of a call in which a callback of the multi has failed. */
function multiFailed(code: number, thrown: { readonly value: unknown } | null): CurlEasyError {
  return new CurlEasyError(
    code || Code.ABORTED_BY_CALLBACK,
    "A callback of the multi handle failed",
    thrown ? { cause: thrown.value } : undefined,
  );
}

/** Resets all options: `curl_easy_reset`. */
export function resetOptions(state: EasyState): void {
  const { pointer } = state;
  state.refuseInCallback("reset the easy handle");
  if (state.multi) {
    throw new CurlEasyError(
      Code.BAD_FUNCTION_ARGUMENT,
      "Cannot reset the easy handle: it is added to a multi handle",
    );
  }
  refuseInStreamTree(state, "reset");
  const { curl_easy_reset, curl_easy_setopt } = library().symbols;
  // otherwise libcurl keeps a RESOLVE list that no transfer has read yet
  for (const option of state.resources.owned.keys()) {
    curl_easy_setopt.pointer(pointer, option, null);
  }
  curl_easy_reset(pointer);
  resetSettings(state);
  state.resources.freeOptionMemory();
  setInitialOptions(state);
}

/** Resets the JS side of the options, after libcurl's side. */
export function resetSettings(state: EasyState): void {
  state.settings = new EasySettings();
  state.watcher = null;
  state.resources.replaceHook(null);
}

/**
 * Throws for a handle that is part of a STREAM_DEPENDS tree. Any call but closing would leave
 * dangling pointers between the handles of the tree.
 */
export function refuseInStreamTree(state: EasyState, call: string): void {
  if (!state.inStreamTree) return;
  throw new CurlEasyError(
    Code.BAD_FUNCTION_ARGUMENT,
    `Cannot ${call} the easy handle: it is part of a STREAM_DEPENDS tree`,
  );
}

/** Throws for a handle whose duplicate would free its HSTS files again (`freesHstsFilesTwice`). */
export function refuseHstsFile({ settings }: EasyState): void {
  if (!settings.hstsFile || !oddities().freesHstsFilesTwice) return;
  throw new CurlEasyError(
    Code.BAD_FUNCTION_ARGUMENT,
    "Cannot duplicate the easy handle: it has a file of HSTS, which libcurl before 8.5 would free twice",
  );
}

/** The type of `curl_easy_send` and `curl_easy_recv`. */
type Transport = (
  easy: Pointer,
  data: Uint8Array<ArrayBuffer>,
  size: number,
  done: Int32Array<ArrayBuffer>,
) => number;

/** Sends or receives on the connection of a CONNECT_ONLY transfer; returns the count of bytes. */
export function transport(
  state: EasyState,
  what: "send" | "receive",
  data: Uint8Array<ArrayBuffer>,
  call: Transport,
): number {
  if (data.length === 0) {
    throw new CurlEasyError(Code.BAD_FUNCTION_ARGUMENT, `Cannot ${what}: there is no byte`);
  }
  const block = what === "send" ? sendBlock(state, data) : receiveBlock(data.length);
  let count = 0;
  callEasy(state, what, (easy) => {
    result.i64[0] = 0n;
    const code = call(easy, block, data.length, result.i32);
    count = result.integer();
    return code;
  });
  if (what === "receive") fillFromBlock(data, block, count);
  return count;
}
