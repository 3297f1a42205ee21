/**
 * `curl_multi_setopt` in JS terms, and the multi's native callbacks.
 *
 * @module
 */

import { multiOptions, type OptionRow } from "../../../ffi/curl/options.ts";
import { live } from "../../../ffi/memory.ts";
import { type CallbackFunction, library, native, type NonNullPointer } from "../../../ffi/mod.ts";
import { CurlLoadError, CurlMultiError, MultiCode } from "../../errors.ts";
import { oddities } from "../../libcurl_versions.ts";
import { type AnyFunction, toStatus } from "../base/callback_results.ts";
import { isArray, show, showName } from "../base/arguments.ts";
import type { EasyFace } from "../core/easy_state.ts";
import { multiOf, type MultiState } from "./state.ts";
import { pushedEasy, PushHeaders } from "./push.ts";

const SOCKET = multiOptions.SOCKETFUNCTION.id, TIMER = multiOptions.TIMERFUNCTION.id;
const PUSH = multiOptions.PUSHFUNCTION.id, NOTIFY = multiOptions.NOTIFYFUNCTION.id;
const POLL_REMOVE = 4;

/** Runs a callback of a multi; what it throws is kept, and C gets `failure`. */
function run(state: MultiState, name: string, failure: number, call: () => unknown): number {
  state.depth++;
  try {
    return toStatus(call(), name) | 0;
  } catch (error) {
    state.threw(error);
    return failure;
  } finally {
    state.depth--;
  }
}

function easyOf(state: MultiState, pointer: unknown): EasyFace | null {
  return state.easies.get(native.address(pointer as NonNullPointer))?.easy ?? null;
}

// CURL *, curl_socket_t, int what, void *clientp, void *socketp
const SOCKET_CALLBACK = {
  args: ["pointer", "socket", "i32", "u32", "u32"],
  result: "i32",
} as const;

const onSocket: CallbackFunction<typeof SOCKET_CALLBACK> = (easy, fd, what, token, id) => {
  const state = multiOf(token);
  if (!state) return 0;
  state.observer?.socket(fd, what);
  const fn = state.functions.get(SOCKET);
  const status = !fn ? 0 : run(state, "SOCKETFUNCTION", -1, () => {
    const data = state.data.get(multiOptions.SOCKETDATA.id);
    return fn(easyOf(state, easy), fd, what, data, state.table.value(id));
  });
  if (what === POLL_REMOVE) state.table.remove(fd);
  return status === -1 ? failed(state) : 0;
};

/** A callback returns -1; while a handle is added, that is told once it is. */
function failed(state: MultiState): 0 {
  if (!state.adding) return state.die();
  state.addFailed = true;
  return 0;
}

// CURLM *, long timeout_ms, void *clientp; the timeout is capped at INT_MAX
const TIMER_CALLBACK = { args: ["pointer", "i32", "u32"], result: "i32" } as const;

const onTimer: CallbackFunction<typeof TIMER_CALLBACK> = (_multi, timeoutMs, token) => {
  const state = multiOf(token);
  if (!state) return 0;
  if (state.addFailed) return state.adding ? 0 : state.die();
  const fn = state.functions.get(TIMER);
  if (!fn) return 0;
  const data = state.data.get(multiOptions.TIMERDATA.id);
  const status = run(state, "TIMERFUNCTION", -1, () => fn(state.multi, timeoutMs, data));
  return status === -1 ? failed(state) : 0;
};

// CURL *parent, CURL *easy, size_t num_headers, struct curl_pushheaders *, void *clientp
const PUSH_CALLBACK = {
  args: ["pointer", "pointer", "u32", "pointer", "u32"],
  result: "i32",
} as const;
const PUSH_DENY = 1;

const onPush: CallbackFunction<typeof PUSH_CALLBACK> = (parent, pushed, count, headers, token) => {
  const state = multiOf(token), fn = state?.functions.get(PUSH);
  if (!state || !fn) return PUSH_DENY;
  const parentState = state.easies.get(native.address(parent));
  if (!parentState) return PUSH_DENY;
  const offer = pushedEasy(state, parentState, pushed as NonNullPointer);
  const view = new PushHeaders(headers);
  const data = state.data.get(multiOptions.PUSHDATA.id);
  const status = run(
    state,
    "PUSHFUNCTION",
    PUSH_DENY,
    () => refuseWhereItCrashes(fn(parentState.easy, offer.easy, count, view, data)),
  );
  view.end();
  if (status === 0) offer.accept();
  else offer.refuse();
  return status;
};

/** A push is denied where its data would crash libcurl (`crashesOnAcceptedPush`). */
function refuseWhereItCrashes(status: unknown): unknown {
  if (status || !oddities().crashesOnAcceptedPush) return status;
  const { version } = library();
  throw new CurlLoadError(`Cannot accept a push: it needs libcurl 8.1.0, ${version} would crash`);
}

// CURLM *, unsigned notification, CURL *, void *clientp
const NOTIFY_CALLBACK = { args: ["pointer", "u32", "pointer", "u32"], result: "void" } as const;

const onNotify: CallbackFunction<typeof NOTIFY_CALLBACK> = (_multi, notification, easy, token) => {
  const state = multiOf(token), fn = state?.functions.get(NOTIFY);
  if (!state || !fn) return;
  const data = state.data.get(multiOptions.NOTIFYDATA.id);
  run(state, "NOTIFYFUNCTION", 0, () => {
    fn(state.multi, notification, easyOf(state, easy), data);
  });
};

const makers: Record<number, readonly [data: number, make: () => { pointer: NonNullPointer }]> = {
  [SOCKET]: [multiOptions.SOCKETDATA.id, () => native.callback(SOCKET_CALLBACK, onSocket)],
  [TIMER]: [multiOptions.TIMERDATA.id, () => native.callback(TIMER_CALLBACK, onTimer)],
  [PUSH]: [multiOptions.PUSHDATA.id, () => native.callback(PUSH_CALLBACK, onPush)],
  [NOTIFY]: [multiOptions.NOTIFYDATA.id, () => native.callback(NOTIFY_CALLBACK, onNotify)],
};

const pointers = new Map<number, NonNullPointer>();

/** The native function of a callback option, one for this thread, never closed. */
function nativeCallback(id: number): NonNullPointer {
  let pointer = pointers.get(id);
  if (pointer === undefined) {
    pointer = makers[id]![1]().pointer;
    pointers.set(id, pointer);
    live.callbacks++;
  }
  return pointer;
}

/** Gives libcurl curlew's native function and the multi's token. */
export function installCallback(state: MultiState, id: number): void {
  const { pointer, off_t } = library().symbols.curl_multi_setopt;
  off_t(state.pointer, makers[id]![0], state.resources.token);
  state.finish(pointer(state.pointer, id, nativeCallback(id)));
}

/** Installs the callback that a driver and the fd table need. */
export function installSocketCallback(state: MultiState): void {
  installCallback(state, SOCKET);
}

const table: Readonly<Record<string, OptionRow>> = multiOptions;

function find(option: unknown): [string, OptionRow] {
  if (typeof option === "string" && Object.hasOwn(table, option)) {
    return [option, table[option] as OptionRow];
  }
  const found = Object.entries(table).find(([, row]) => row.id === option);
  if (found) return found;
  throw new CurlMultiError(MultiCode.UNKNOWN_OPTION, `Unknown option: ${showName(option)}`);
}

function badValue(name: string, expected: string, value: unknown): CurlMultiError {
  return new CurlMultiError(
    MultiCode.BAD_FUNCTION_ARGUMENT,
    `Cannot set ${name}: expected ${expected}, got ${show(value)}`,
  );
}

/** Sets one option of a multi. */
export function setMultiOption(state: MultiState, which: unknown, value: unknown): void {
  const { curl_multi_setopt } = library().symbols;
  const pointer = state.pointer;
  const [name, row] = find(which);
  state.refuseInCallback(`set ${name}`);
  switch (row.kind) {
    case "function":
      return setFunction(state, name, row.id, value);
    case "cbptr":
      if (value === null || value === undefined) state.data.delete(row.id);
      else state.data.set(row.id, value);
      return;
    case "object": {
      // the PIPELINING_*_BL lists: without effect since 7.62, so never kept by libcurl
      if (value !== null && !isArray(value)) {
        throw badValue(name, "an array of strings", value);
      }
      return state.finish(curl_multi_setopt.pointer(pointer, row.id, null));
    }
    case "off_t":
      return state.finish(curl_multi_setopt.off_t(pointer, row.id, offT(name, row, value)));
    default:
      return state.finish(curl_multi_setopt.long(pointer, row.id, number(name, row, value)));
  }
}

function offT(name: string, row: OptionRow, value: unknown): number | bigint {
  if (typeof value === "bigint" && BigInt.asIntN(64, value) === value) return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value + 0;
  return number(name, row, value);
}

function number(name: string, row: OptionRow, value: unknown): number {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value === null && row.default !== undefined) return row.default;
  if (typeof value === "number" && Number.isInteger(value)) {
    if (value >= -0x80000000 && value <= 0x7fffffff) return value + 0; // FFI takes no -0
  }
  throw badValue(name, "a whole number of 32 bits or a boolean", value);
}

function setFunction(state: MultiState, name: string, id: number, value: unknown): void {
  if (value !== null && typeof value !== "function") {
    throw badValue(name, "a function or null", value);
  }
  if (value !== null) {
    installCallback(state, id);
    state.functions.set(id, value as AnyFunction);
    return;
  }
  state.functions.delete(id);
  if (id === SOCKET) return; // it stays, for the table and for a driver
  const { pointer } = library().symbols.curl_multi_setopt;
  state.finish(pointer(state.pointer, id, null));
}
