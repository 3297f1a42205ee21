/**
 * Taps: recorders of what a transfer sends and receives, which are called in addition to the
 * callbacks of its handle.
 *
 * @module
 */

import { easyOptions } from "../../ffi/curl/options.ts";
import { library, native } from "../../ffi/mod.ts";
import { ownFile } from "./base/files.ts";
import type { Owned } from "./base/owned.ts";
import type { EasyState, TransferTap } from "./core/easy_state.ts";
import { renewFunction } from "./easy/functions.ts";

const { DEBUGFUNCTION, STDERR, VERBOSE } = easyOptions;

/**
 * Whether libcurl writes the trace itself, to STDERR: a DEBUGFUNCTION would replace that, so a tap
 * gets no trace then.
 */
const tracesItself = ({ settings }: EasyState) =>
  settings.verbose && !settings.functions.has(DEBUGFUNCTION.id);

/** Attaches a tap, which gets what the handle sends and receives from now on. */
export function attachTap(state: EasyState, tap: TransferTap): void {
  const isFirst = state.taps === null;
  state.taps = [...state.taps ?? [], tap];
  if (isFirst && !tracesItself(state)) setTrace(state, true);
}

/** Ends {@linkcode attachTap}. Does nothing for a tap that is not attached. */
export function detachTap(state: EasyState, tap: TransferTap): void {
  if (!state.taps?.includes(tap)) return;
  const others = state.taps.filter((other) => other !== tap);
  state.taps = others.length > 0 ? others : null;
  if (state.taps || state.resources.pointer === null || tracesItself(state)) return;
  setTrace(state, state.settings.verbose);
}

function setTrace(state: EasyState, isOn: boolean): void {
  renewFunction(state, DEBUGFUNCTION.id);
  silenceOthers(state, isOn);
  library().symbols.curl_easy_setopt.long(state.pointer, VERBOSE.id, isOn ? 1 : 0);
}

const NOWHERE = native.os === "windows" ? "NUL" : "/dev/null";
/**
 * The files of {@linkcode silenceOthers}, which must be distinguished from one that the user sets.
 */
const silent = new WeakSet<Owned>();

/**
 * Discards the trace of the handle that libcurl makes for DOH_URL: that handle gets VERBOSE and
 * STDERR, but no DEBUGFUNCTION, so credentials would appear on standard error.
 */
function silenceOthers(state: EasyState, isOn: boolean): void {
  const present = state.resources.owned.get(STDERR.id);
  if (isOn ? present : !present || !silent.has(present)) return;
  const file = isOn ? ownFile(NOWHERE, "a") : null;
  if (file) silent.add(file);
  library().symbols.curl_easy_setopt.pointer(state.pointer, STDERR.id, file?.pointer ?? null);
  state.own(STDERR.id, file);
}
