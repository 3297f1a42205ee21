/**
 * Sets callback options and their `*DATA`. libcurl gets curlew's native function and the handle's
 * token together, or neither.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { library, type Pointer } from "../../../ffi/mod.ts";
import { handleSide } from "../core/handle_registry.ts";
import { callbackKind, type EasyCallbackKind, kindsOfData } from "../callbacks/kinds.ts";
import { MAY_WAIT_FOR_100 } from "../callbacks/unsent_body.ts";
import type { AnyFunction } from "../base/callback_results.ts";
import { CloseHook, type SocketWatcher } from "../core/close_hook.ts";
import { checkSetopt } from "../base/check_setopt.ts";
import type { EasyState } from "../core/easy_state.ts";
import { badValue, text } from "../base/arguments.ts";
import { refreshForm } from "../mime/form.ts";
import { type FileName, FileSource, fileText, isFileName, ownFile } from "../base/files.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { standardOutput } from "../base/standard_output.ts";

const CLOSESOCKET = easyOptions.CLOSESOCKETFUNCTION.id;
const SOCKOPT = easyOptions.SOCKOPTFUNCTION.id;
const WRITE = easyOptions.WRITEFUNCTION.id, READ = easyOptions.READFUNCTION.id;
const SEEK = easyOptions.SEEKFUNCTION.id, HEADER = easyOptions.HEADERFUNCTION.id;
const WRITEDATA = easyOptions.WRITEDATA.id, READDATA = easyOptions.READDATA.id;
/** The functions that curlew sets where the user has set none: {@linkcode needsOwnFunction}. */
const OWN_FUNCTIONS = [SOCKOPT, WRITE, READ, HEADER];
const DEBUG = easyOptions.DEBUGFUNCTION.id;

/**
 * Sets curlew's READFUNCTION, which sends nothing until the user sets one, on a new or reset
 * handle.
 */
export function setOwnReadFunction(state: EasyState): void {
  install(state, callbackKind(READ) as EasyCallbackKind);
}

/** Sets a function again after a change on which {@linkcode needsOwnFunction} depends. */
export function renewFunction(state: EasyState, id: number): void {
  install(state, callbackKind(id) as EasyCallbackKind);
}

/** Sets a callback option, or unsets it with `null`. */
export function setFunction(state: EasyState, name: string, id: number, value: unknown): void {
  const kind = callbackKind(id);
  if (value !== null && typeof value !== "function") {
    throw badValue(name, "a function or null", value);
  }
  if (!kind) {
    // the CONV_* functions, and those of a libcurl that is newer than the table
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
    replace(state, id, old ?? null); // libcurl does not know the option
    throw error;
  }
}

function replace(state: EasyState, id: number, fn: AnyFunction | null): void {
  if (fn === null) state.settings.functions.delete(id);
  else state.settings.functions.set(id, fn);
}

/** Sets a `*DATA` option: the value that a callback gets as its data. */
export function setData(state: EasyState, id: number, value: unknown): void {
  if (value === null || value === undefined) state.settings.data.delete(id);
  else state.settings.data.set(id, value);
  if (id === easyOptions.CLOSESOCKETDATA.id && state.settings.functions.has(CLOSESOCKET)) {
    renewCloseHook(state);
  }
}

/**
 * Opens the files that WRITEDATA and READDATA name where no function of the user writes or reads,
 * closes those of earlier transfers, and finds the sizes of the files of HTTPPOST. For a handle
 * whose transfer is about to begin, when it is known whether there is a function. Throws
 * CURLE_WRITE_ERROR or CURLE_READ_ERROR.
 */
export function openFiles(state: EasyState): void {
  const { data, target, source, uses } = state.settings;
  if (uses.size > 0) refreshForm(state);
  if (data.size === 0 && target === null && source === null) return;
  openTarget(state);
  openSource(state);
}

function openTarget(state: EasyState): void {
  const { settings } = state, value = settings.data.get(WRITEDATA);
  const name = isFileName(value) && !settings.functions.has(WRITE) ? value : null;
  if (name === settings.target) return;
  const path = name === null ? null : pathOf("WRITEDATA", name);
  const file = path === null
    ? null
    : opened("WRITEDATA", path, Code.WRITE_ERROR, () => ownFile(path, "wb"));
  settings.target = name;
  state.own(WRITEDATA, file);
  install(state, callbackKind(WRITE) as EasyCallbackKind);
}

function openSource(state: EasyState): void {
  const { settings } = state, { source, functions } = settings;
  const value = settings.data.get(READDATA), fn = functions.get(READ);
  const name = isFileName(value) && (!fn || fn === source?.read) ? value : null;
  if (source && (name !== source.name || fn !== source.read)) closeSource(state, source);
  if (name === null || settings.source) return;
  const path = pathOf("READDATA", name);
  const file = opened("READDATA", path, Code.READ_ERROR, () => new FileSource(name, path));
  settings.source = file;
  state.own(READDATA, file.owned);
  setFunction(state, "READFUNCTION", READ, file.read);
  if (!functions.has(SEEK)) setFunction(state, "SEEKFUNCTION", SEEK, file.seek);
}

function closeSource(state: EasyState, { read, seek }: FileSource): void {
  const { settings } = state, { functions } = settings;
  settings.source = null;
  state.own(READDATA, null);
  if (functions.get(READ) === read) setFunction(state, "READFUNCTION", READ, null);
  if (functions.get(SEEK) === seek) setFunction(state, "SEEKFUNCTION", SEEK, null);
}

function pathOf(option: string, name: FileName): FileName {
  return typeof name === "number" ? name : text(option, name);
}

function opened<T>(option: string, path: FileName, code: number, open: () => T): T {
  try {
    return open();
  } catch (error) {
    const what = `Cannot open the file of ${option}, ${fileText(path)}`;
    throw new CurlEasyError(code, `${what}: ${(error as Error).message}`);
  }
}

function install(state: EasyState, kind: EasyCallbackKind): void {
  const { pointer, off_t } = library().symbols.curl_easy_setopt;
  const easy = state.pointer;
  const wanted = state.settings.functions.has(kind.id) || needsOwnFunction(state, kind.id);
  checkSetopt(kind.name, pointer(easy, kind.id, wanted ? kind.pointer() : null));
  // two functions may have the same data option
  const served = wanted ||
    kindsOfData(kind.dataId).some(({ id }) => state.settings.functions.has(id));
  if (served) off_t(easy, kind.dataId, state.resources.token);
  else pointer(easy, kind.dataId, dataWithoutFunction(state, kind));
}

/**
 * Whether libcurl gets curlew's function although the user has set none. SOCKOPTFUNCTION reports
 * each socket to a driver, WRITEFUNCTION keeps a driver's transfers from writing to standard
 * output, READFUNCTION keeps uploads from reading standard input, DEBUGFUNCTION serves taps,
 * HEADERFUNCTION notices bodies that were not sent. Where the handle owns a `FILE *`, libcurl uses
 * its own functions to write or read it.
 */
function needsOwnFunction(state: EasyState, id: number): boolean {
  const { owned } = state.resources;
  if (id === SOCKOPT) return state.watcher !== null;
  if (id === DEBUG) return state.taps !== null;
  if (id === HEADER) return (state.settings.reuseRisks & MAY_WAIT_FOR_100) !== 0;
  if (id === WRITE) return state.watcher !== null && !owned.has(easyOptions.WRITEDATA.id);
  return id === READ && !owned.has(easyOptions.READDATA.id);
}

/** The data of libcurl's own function: a `FILE *` where the function writes or reads. */
function dataWithoutFunction(state: EasyState, { id, dataId }: EasyCallbackKind): Pointer {
  return state.resources.owned.get(dataId)?.pointer ?? (id === WRITE ? standardOutput() : null);
}

/**
 * Replaces the close hook after each change of the function or its data. Earlier connections keep
 * the old one. `shared` is the driver's hook, for handles whose user has set no function.
 */
function renewCloseHook(state: EasyState, shared?: CloseHook): void {
  const fn = state.settings.functions.get(CLOSESOCKET) ?? null;
  const { watcher } = state;
  let hook: CloseHook | null = null;
  if (fn || watcher) {
    const data = state.settings.data.get(easyOptions.CLOSESOCKETDATA.id);
    // weak, since connections may keep the hook long after the handle
    const owner = new WeakRef(state);
    hook = (!fn && shared) ||
      new CloseHook(watcher, fn, data, (error) => reportCloseError(owner.deref(), error));
    hook.retain();
    state.multi?.keepHook(hook);
  }
  if (hook && state.pinned) hook.used = true;
  state.resources.replaceHook(hook);
  const share = easyOptions.SHARE.id;
  handleSide(share, state.share)?.onUse?.(state);
  const { pointer, off_t } = library().symbols.curl_easy_setopt;
  const kind = callbackKind(CLOSESOCKET) as EasyCallbackKind;
  const easy = state.pointer;
  checkSetopt(kind.name, pointer(easy, kind.id, hook ? kind.pointer() : null));
  off_t(easy, kind.dataId, hook?.token ?? 0);
}

/** Reports what CLOSESOCKETFUNCTION threw: to the call in progress, else as an uncaught error. */
function reportCloseError(state: EasyState | undefined, error: unknown): void {
  if (state?.pinned) state.recordThrown(error);
  else queueMicrotask(() => reportError(error));
}

/**
 * Makes a driver observe the sockets of a handle, in addition to the user's own functions. Does
 * nothing where the driver already does.
 */
export function watchSockets(state: EasyState, watcher: SocketWatcher, shared: CloseHook): void {
  if (state.watcher === watcher) return;
  state.watcher = watcher;
  for (const id of [SOCKOPT, WRITE]) install(state, callbackKind(id) as EasyCallbackKind);
  renewCloseHook(state, shared);
}

/** Replaces the tokens of the original in a handle that libcurl has copied. */
export function adoptFunctions(state: EasyState, parent: EasyState): void {
  // curlew's functions too: they have the original's token, and the copy is not added to the driver
  for (const id of new Set([...OWN_FUNCTIONS, ...state.settings.functions.keys()])) {
    if (id !== CLOSESOCKET) install(state, callbackKind(id) as EasyCallbackKind);
  }
  if (parent.closeHook) renewCloseHook(state);
  if (!parent.taps) return;
  renewFunction(state, DEBUG); // the taps belong to the original
  library().symbols.curl_easy_setopt.long(
    state.pointer,
    easyOptions.VERBOSE.id,
    state.settings.verbose ? 1 : 0,
  );
}
