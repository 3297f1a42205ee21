/**
 * Callback options and their `*DATA`. libcurl always gets curlew's own native function together
 * with the handle's token, or neither.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { libc } from "../../../ffi/libc.ts";
import { cString, Struct } from "../../../ffi/memory.ts";
import { library, native, type Pointer } from "../../../ffi/mod.ts";
import { handleSide } from "../core/handle_registry.ts";
import { callbackKind, type EasyCallbackKind, kindsOfData } from "../callbacks/kinds.ts";
import type { AnyFunction } from "../base/callback_results.ts";
import { CloseHook, type SocketWatcher } from "../core/close_hook.ts";
import { checkSetopt } from "../base/check_setopt.ts";
import type { EasyState } from "../core/easy_state.ts";
import { badValue } from "../base/arguments.ts";

const CLOSESOCKET = easyOptions.CLOSESOCKETFUNCTION.id;
const SOCKOPT = easyOptions.SOCKOPTFUNCTION.id;

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
  const wanted = state.settings.functions.has(kind.id) ||
    (kind.id === SOCKOPT && state.watcher !== null);
  checkSetopt(kind.name, pointer(easy, kind.id, wanted ? kind.pointer() : null));
  // some data options serve two functions
  const served = wanted ||
    kindsOfData(kind.dataId).some(({ id }) => state.settings.functions.has(id));
  if (served) off_t(easy, kind.dataId, state.resources.token);
  else pointer(easy, kind.dataId, defaultData(kind.id));
}

/** libcurl's own functions for these two want a `FILE *`. */
const STANDARD_STREAMS: Record<number, readonly [linux: string, apple: string]> = {
  [easyOptions.WRITEFUNCTION.id]: ["stdout", "__stdoutp"],
  [easyOptions.READFUNCTION.id]: ["stdin", "__stdinp"],
};

function defaultData(id: number): Pointer {
  const names = STANDARD_STREAMS[id];
  if (!names) return null;
  const variable = libc.dlsym(null, cString(names[native.os === "darwin" ? 1 : 0]));
  return variable === null ? null : new Struct(variable, 8).pointer(0);
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
  install(state, callbackKind(SOCKOPT) as EasyCallbackKind);
  renewCloseHook(state, shared);
}

/** Gives a handle that libcurl copied tokens of its own in place of the parent's. */
export function adoptFunctions(state: EasyState, parent: EasyState): void {
  for (const id of state.settings.functions.keys()) {
    if (id !== CLOSESOCKET) install(state, callbackKind(id) as EasyCallbackKind);
  }
  // also takes away the parent's watcher, which did not add this handle
  if (parent.watcher && !state.settings.functions.has(SOCKOPT)) {
    install(state, callbackKind(SOCKOPT) as EasyCallbackKind);
  }
  if (parent.closeHook) renewCloseHook(state);
}
