/**
 * The native callbacks of multi handles: one for each kind and thread, which finds the multi by its
 * token.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { multiOptions } from "../../../ffi/curl/options.ts";
import { type CallbackFunction, library, native, type NonNullPointer } from "../../../ffi/mod.ts";
import { CurlLoadError } from "../../errors.ts";
import { oddities } from "../../libcurl_versions.ts";
import { nativeCallback } from "../base/native_callback.ts";
import { toStatus } from "../base/callback_results.ts";
import type { EasyFace } from "../core/easy_state.ts";
import { pushedEasy, PushHeaders } from "./push.ts";
import { multiOf, type MultiState } from "./state.ts";

const SOCKET = multiOptions.SOCKETFUNCTION.id, TIMER = multiOptions.TIMERFUNCTION.id;
const PUSH = multiOptions.PUSHFUNCTION.id, NOTIFY = multiOptions.NOTIFYFUNCTION.id;
const { CURL_POLL_REMOVE, CURL_PUSH_DENY } = flags;

/** Calls a function of the user. What it throws is recorded, and C gets `failure`. */
function callUser(state: MultiState, name: string, failure: number, call: () => unknown): number {
  state.enterCallback();
  try {
    return toStatus(call(), name) | 0;
  } catch (error) {
    state.recordThrown(error);
    return failure;
  } finally {
    state.leaveCallback();
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
  state.observer?.socket(fd, what, easy);
  const fn = state.functions.get(SOCKET);
  const status = !fn ? 0 : callUser(state, "SOCKETFUNCTION", -1, () => {
    const data = state.data.get(multiOptions.SOCKETDATA.id);
    return fn(easyOf(state, easy), fd, what, data, state.assigned.value(id));
  });
  if (what === CURL_POLL_REMOVE) state.assigned.remove(fd);
  return status === -1 ? recordFailure(state) : 0;
};

/** Records that a callback has returned -1. While a handle is added, `addEasy` handles it. */
function recordFailure(state: MultiState): 0 {
  if (!state.adding) return state.failAll();
  state.addFailed = true;
  return 0;
}

// CURLM *, long timeout_ms, void *clientp; the timeout is capped at INT_MAX
const TIMER_CALLBACK = { args: ["pointer", "i32", "u32"], result: "i32" } as const;

const onTimer: CallbackFunction<typeof TIMER_CALLBACK> = (_multi, timeoutMs, token) => {
  const state = multiOf(token);
  if (!state) return 0;
  if (state.addFailed) return state.adding ? 0 : state.failAll();
  const fn = state.functions.get(TIMER);
  if (!fn) return 0;
  const data = state.data.get(multiOptions.TIMERDATA.id);
  const status = callUser(state, "TIMERFUNCTION", -1, () => fn(state.multi, timeoutMs, data));
  return status === -1 ? recordFailure(state) : 0;
};

// CURL *parent, CURL *easy, size_t num_headers, struct curl_pushheaders *, void *clientp
const PUSH_CALLBACK = {
  args: ["pointer", "pointer", "u32", "pointer", "u32"],
  result: "i32",
} as const;

const onPush: CallbackFunction<typeof PUSH_CALLBACK> = (parent, pushed, count, headers, token) => {
  const state = multiOf(token), fn = state?.functions.get(PUSH);
  if (!state || !fn) return CURL_PUSH_DENY;
  const parentState = state.easies.get(native.address(parent));
  if (!parentState) return CURL_PUSH_DENY;
  const offer = pushedEasy(state, parentState, pushed as NonNullPointer);
  const view = new PushHeaders(headers);
  const data = state.data.get(multiOptions.PUSHDATA.id);
  const status = callUser(
    state,
    "PUSHFUNCTION",
    CURL_PUSH_DENY,
    () => refuseWhereItCrashes(fn(parentState.easy, offer.easy, count, view, data)),
  );
  view.end();
  if (status === 0) offer.accept();
  else offer.refuse();
  return status;
};

/** Throws for an accepted push whose data would crash libcurl (`crashesOnAcceptedPush`). */
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
  callUser(state, "NOTIFYFUNCTION", 0, () => {
    fn(state.multi, notification, easyOf(state, easy), data);
  });
};

const makers: Record<number, readonly [data: number, make: () => NonNullPointer]> = {
  [SOCKET]: [multiOptions.SOCKETDATA.id, () => nativeCallback(SOCKET_CALLBACK, 0, onSocket)],
  [TIMER]: [multiOptions.TIMERDATA.id, () => nativeCallback(TIMER_CALLBACK, 0, onTimer)],
  [PUSH]: [
    multiOptions.PUSHDATA.id,
    () => nativeCallback(PUSH_CALLBACK, CURL_PUSH_DENY, onPush),
  ],
  [NOTIFY]: [
    multiOptions.NOTIFYDATA.id,
    () => nativeCallback(NOTIFY_CALLBACK, undefined, onNotify),
  ],
};

const pointers = new Map<number, NonNullPointer>();

/** The native function of a callback option: one for this thread, never closed. */
function pointerOf(id: number): NonNullPointer {
  let pointer = pointers.get(id);
  if (pointer === undefined) {
    pointer = makers[id]![1]();
    pointers.set(id, pointer);
  }
  return pointer;
}

/** Sets curlew's native function for a callback option, with the multi's token as its data. */
export function installCallback(state: MultiState, id: number): void {
  const { pointer, off_t } = library().symbols.curl_multi_setopt;
  off_t(state.pointer, makers[id]![0], state.resources.token);
  state.finish(pointer(state.pointer, id, pointerOf(id)));
}

/** Sets curlew's SOCKETFUNCTION, which a driver and `assign` need even where the user has none. */
export function installSocketCallback(state: MultiState): void {
  installCallback(state, SOCKET);
}
