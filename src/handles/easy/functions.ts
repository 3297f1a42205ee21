/**
 * Callback options and their `*DATA`. libcurl always gets curlew's own native function together
 * with the handle's token, or neither.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { library, type Pointer } from "../../../ffi/mod.ts";
import { handleSide } from "../core/handle_registry.ts";
import { callbackKind, type EasyCallbackKind, kindsOfData } from "../callbacks/kinds.ts";
import type { AnyFunction } from "../base/callback_results.ts";
import { CloseHook, type SocketWatcher } from "../core/close_hook.ts";
import { checkSetopt } from "../base/check_setopt.ts";
import type { EasyState } from "../core/easy_state.ts";
import { badValue } from "../base/arguments.ts";
import { standardOutput } from "../base/standard_output.ts";

const CLOSESOCKET = easyOptions.CLOSESOCKETFUNCTION.id;
const SOCKOPT = easyOptions.SOCKOPTFUNCTION.id;
const WRITE = easyOptions.WRITEFUNCTION.id, READ = easyOptions.READFUNCTION.id;
/** The functions that curlew may set although the user has not: see {@linkcode needsOwn}. */
const OWN = [SOCKOPT, WRITE, READ];

/** Has uploads of a new handle, or of one that was reset, read nothing until the user says what. */
export function setOwnReadFunction(state: EasyState): void {
  install(state, callbackKind(READ) as EasyCallbackKind);
}

/** Sets a callback option, or unsets it with `null`. */
export function setFunction(state: EasyState, name: string, id: number, value: unknown): void {
  const kind = callbackKind(id);
  if (value !== null && typeof value !== "function") {
    throw badValue(name, "a function or null", value);
  }
  if (!kind) {
    // the CONV_* functions and those of a libcurl newer than this table
    if (value !== null) throw badValue(name, "null: curlew does not know its prototype", value);
    checkSetopt(name, library().symbols.curl_easy_setopt.pointer(state.pointer, id, null));
    return;
  }
  const old = state.settings.functions.get(id);
  replace(state, id, value as AnyFunction | null);
  try {
    if (id === CLOSESOCKET) renewCloseHook(state);
    else install(state, kind);
  } catch (error) {
    replace(state, id, old ?? null); // this libcurl has no such callback
    throw error;
  }
}

function replace(state: EasyState, id: number, fn: AnyFunction | null): void {
  if (fn === null) state.settings.functions.delete(id);
  else state.settings.functions.set(id, fn);
}

/** Sets the value that a callback gets as its data. */
export function setData(state: EasyState, id: number, value: unknown): void {
  if (value === null || value === undefined) state.settings.data.delete(id);
  else state.settings.data.set(id, value);
  if (id === easyOptions.CLOSESOCKETDATA.id && state.settings.functions.has(CLOSESOCKET)) {
    renewCloseHook(state);
  }
}

function install(state: EasyState, kind: EasyCallbackKind): void {
  const { pointer, off_t } = library().symbols.curl_easy_setopt;
  const easy = state.pointer;
  const wanted = state.settings.functions.has(kind.id) || needsOwn(state, kind.id);
  checkSetopt(kind.name, pointer(easy, kind.id, wanted ? kind.pointer() : null));
  // some data options serve two functions
  const served = wanted ||
    kindsOfData(kind.dataId).some(({ id }) => state.settings.functions.has(id));
  if (served) off_t(easy, kind.dataId, state.resources.token);
  else pointer(easy, kind.dataId, dataWithoutFunction(state, kind));
}

/**
 * Whether libcurl gets curlew's function although the user has set none: a driver hears of each
 * socket, its transfers do not write to standard output, and no upload reads standard input.
 * libcurl's own functions write to and read from a `FILE *` that the handle owns.
 */
function needsOwn(state: EasyState, id: number): boolean {
  const { owned } = state.resources;
  if (id === SOCKOPT) return state.watcher !== null;
  if (id === WRITE) return state.watcher !== null && !owned.has(easyOptions.WRITEDATA.id);
  return id === READ && !owned.has(easyOptions.READDATA.id);
}

/** What libcurl's own function gets: a `FILE *` for those that read and write. */
function dataWithoutFunction(state: EasyState, { id, dataId }: EasyCallbackKind): Pointer {
  return state.resources.owned.get(dataId)?.pointer ?? (id === WRITE ? standardOutput() : null);
}

/** A new hook at each change: connections that were made before keep the old one. */
function renewCloseHook(state: EasyState, shared?: CloseHook): void {
  const fn = state.settings.functions.get(CLOSESOCKET) ?? null;
  const { watcher } = state;
  let hook: CloseHook | null = null;
  if (fn || watcher) {
    const data = state.settings.data.get(easyOptions.CLOSESOCKETDATA.id);
    // a weak one, since connections may keep the hook for long
    const blamed = new WeakRef(state);
    hook = (!fn && shared) ||
      new CloseHook(watcher, fn, data, (error) => blame(blamed.deref(), error));
    hook.retain();
    state.multi?.keepHook(hook);
  }
  if (hook && state.pinned) hook.used = true;
  state.resources.replaceHook(hook);
  const share = easyOptions.SHARE.id;
  handleSide(share, state.share)?.used?.(state);
  const { pointer, off_t } = library().symbols.curl_easy_setopt;
  const kind = callbackKind(CLOSESOCKET) as EasyCallbackKind;
  const easy = state.pointer;
  checkSetopt(kind.name, pointer(easy, kind.id, hook ? kind.pointer() : null));
  off_t(easy, kind.dataId, hook?.token ?? 0);
}

/** A socket may be closed long after the transfer: then nobody else is there to be told. */
function blame(state: EasyState | undefined, error: unknown): void {
  if (state?.pinned) state.threw(error);
  else queueMicrotask(() => reportError(error));
}

/**
 * Has a driver told of each socket of the handle, beside the user's own functions. Does nothing
 * where the driver is told already.
 */
export function watchSockets(state: EasyState, watcher: SocketWatcher, shared: CloseHook): void {
  if (state.watcher === watcher) return;
  state.watcher = watcher;
  for (const id of [SOCKOPT, WRITE]) install(state, callbackKind(id) as EasyCallbackKind);
  renewCloseHook(state, shared);
}

/** Gives a handle that libcurl copied tokens of its own in place of the parent's. */
export function adoptFunctions(state: EasyState, parent: EasyState): void {
  // those of curlew too: they have the parent's token, and the parent's driver did not add this one
  for (const id of new Set([...OWN, ...state.settings.functions.keys()])) {
    if (id !== CLOSESOCKET) install(state, callbackKind(id) as EasyCallbackKind);
  }
  if (parent.closeHook) renewCloseHook(state);
}
