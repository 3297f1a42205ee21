/**
 * The calls of an easy handle that may run callbacks, and what libcurl needs around each.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { result } from "../../../ffi/memory.ts";
import { library, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { oddities } from "../../libcurl_versions.ts";
import { long } from "../base/arguments.ts";
import { EasySettings } from "../core/easy_settings.ts";
import type { EasyState } from "../core/easy_state.ts";
import { setBirthOptions } from "./defaults.ts";
import { guardReuse } from "./forbid_reuse.ts";
import { keepEntryPath } from "./ftp_entry_path.ts";
import { renewUrl } from "./options.ts";
import { fillFromBlock, receiveBlock, sendBlock } from "./transport_blocks.ts";

const { CURLPAUSE_ALL, CURLPAUSE_RECV, CURLPAUSE_SEND } = flags;

/** Makes a call that may run callbacks, and throws what it failed with. */
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
  // what the callbacks on the stack threw is for the call that runs them
  const code = call(pointer);
  if (code !== Code.OK) throw new CurlEasyError(code);
}

/** Runs a transfer and returns when it is over. */
export function performTransfer(state: EasyState): void {
  if (state.trailed) throw state.trailedError();
  try {
    callEasy(state, "perform the transfer", (easy) => {
      renewUrl(state);
      guardReuse(state, state.share !== undefined);
      state.sends();
      state.performed = true;
      return library().symbols.curl_easy_perform(easy);
    });
    keepEntryPath(state, Code.OK);
  } finally {
    state.flushOutput();
  }
}

/** Pauses and unpauses what `flags`, some `CURLPAUSE_*`, say. */
export function pauseTransfer(state: EasyState, flags: number): void {
  const { pointer } = state;
  const action = long("the pause", flags) | 0, before = state.paused;
  state.paused = action & CURLPAUSE_ALL; // first, since unpausing may pause again
  state.pin();
  const { curl_easy_pause } = library().symbols;
  const byDriver = state.run.pausedForFairness ? CURLPAUSE_RECV : 0;
  if (state.run.readerPaused && !(action & CURLPAUSE_SEND)) {
    // libcurl has not heard of a part's pause while it sends what came before, but keeps it
    state.run.readerPaused = false;
    curl_easy_pause(pointer, (before & CURLPAUSE_RECV) | byDriver | CURLPAUSE_SEND);
  }
  state.run.pauseDue = false;
  state.run.resuming = true;
  const code = curl_easy_pause(pointer, action | byDriver);
  state.run.resuming = false;
  if (code === Code.BAD_FUNCTION_ARGUMENT) state.paused = before; // there is no connection yet
  state.multi?.observer?.touched();
  const error = code === Code.OK ? null : pauseError(state, code);
  state.unpin();
  const failed = state.multi?.takeFailure();
  if (failed) throw multiFailed(code, failed.thrown);
  if (error) throw error;
}

/**
 * The error of a pause that failed. But for a handle that has no connection, a callback has refused
 * bytes that libcurl had kept: the transfer is over, whether libcurl notices or goes on without them.
 */
function pauseError(state: EasyState, code: number): CurlEasyError {
  if (code === Code.BAD_FUNCTION_ARGUMENT) return new CurlEasyError(code);
  const { thrown } = state.run, error = state.takeError(code) as CurlEasyError;
  state.run.failed = true;
  if (state.multi?.observer) state.multi.observer.failed(state, error);
  else state.run.thrown = thrown; // for whoever is told of the end of the transfer
  return error;
}

/** The error of a call in which a callback of its multi failed. */
function multiFailed(code: number, thrown: { readonly value: unknown } | null): CurlEasyError {
  return new CurlEasyError(
    code || Code.ABORTED_BY_CALLBACK,
    "A callback of the multi handle failed",
    thrown ? { cause: thrown.value } : undefined,
  );
}

/** Sets all options back. */
export function resetOptions(state: EasyState): void {
  const { pointer } = state;
  state.refuseInCallback("reset the easy handle");
  if (state.multi) {
    throw new CurlEasyError(
      Code.BAD_FUNCTION_ARGUMENT,
      "Cannot reset the easy handle: it is added to a multi handle",
    );
  }
  refuseInTree(state, "reset");
  const { curl_easy_reset, curl_easy_setopt } = library().symbols;
  // libcurl would remember a RESOLVE list that no transfer has read yet
  for (const option of state.resources.owned.keys()) {
    curl_easy_setopt.pointer(pointer, option, null);
  }
  curl_easy_reset(pointer);
  forgetOptions(state);
  state.resources.freeOptionMemory();
  setBirthOptions(state);
}

/** Drops what the JS side knows of the options, which libcurl has forgotten. */
export function forgetOptions(state: EasyState): void {
  state.settings = new EasySettings();
  state.watcher = null;
  state.resources.replaceHook(null);
}

/**
 * libcurl leaves dangling pointers between handles that depend on each other, unless all that
 * happens to them is their end.
 */
export function refuseInTree(state: EasyState, call: string): void {
  if (!state.inStreamTree) return;
  throw new CurlEasyError(
    Code.BAD_FUNCTION_ARGUMENT,
    `Cannot ${call} the easy handle: it is part of a STREAM_DEPENDS tree`,
  );
}

/** Refuses to duplicate a handle whose HSTS file would be freed twice (`freesHstsFilesTwice`). */
export function refuseHstsFile({ settings }: EasyState): void {
  if (!settings.hstsFile || !oddities().freesHstsFilesTwice) return;
  throw new CurlEasyError(
    Code.BAD_FUNCTION_ARGUMENT,
    "Cannot duplicate the easy handle: it has a file of HSTS, which libcurl before 8.5 would free twice",
  );
}

/** `curl_easy_send` or `curl_easy_recv`. */
type Transport = (
  easy: Pointer,
  data: Uint8Array<ArrayBuffer>,
  size: number,
  done: Int32Array<ArrayBuffer>,
) => number;

/** Sends or receives on the connection of a CONNECT_ONLY transfer; gives the count of bytes. */
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
