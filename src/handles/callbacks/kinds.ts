/**
 * A table of the easy callbacks: C's prototype of each, and how its arguments become JS values.
 *
 * The folder `callbacks/` knows what libcurl passes to the callbacks of an easy handle and what
 * they return. It does not know how a callback is set, or the callbacks of a multi handle.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { easyOptions } from "../../../ffi/curl/options.ts";
import { bytesAt, live, Struct } from "../../../ffi/memory.ts";
import {
  type CallbackFunction,
  native,
  type NonNullPointer,
  type Signature,
} from "../../../ffi/mod.ts";
import { Code } from "../../errors.ts";
import { toStatus } from "../base/callback_results.ts";
import { nativeCallback } from "../base/native_callback.ts";
import { onBytes, onHeader, onRead } from "./bytes.ts";
import { tappedAt } from "./piece.ts";
import { type CallbackKind, dispatch } from "./dispatch.ts";
import {
  readFileInfo,
  readHostKey,
  readHstsEntry,
  readSocketAddress,
  writeHstsEntry,
} from "./structs.ts";
import { onCloseSocket } from "../core/close_hook.ts";
import { type EasyState, easyTokens } from "../core/easy_state.ts";
import { makeList } from "../base/owned.ts";
import { onOpenSocket, onSockopt } from "./sockets.ts";
import { ABORT, onProgress } from "./progress.ts";

/** A kind of callback, with its native function. */
export interface EasyCallbackKind extends CallbackKind {
  /** The C function pointer. The function is made at the first call, one for each thread. */
  pointer(): NonNullPointer;
}

/** The names of the options whose value is a function. */
type FunctionOption = {
  [N in keyof typeof easyOptions]: (typeof easyOptions)[N]["kind"] extends "function" ? N : never;
}[keyof typeof easyOptions];

const { CURLSTS_DONE, CURLKHSTAT_REJECT, CURLKHSTAT_DEFER } = flags;

const kinds = new Map<number, EasyCallbackKind>();

/** Adds a kind to the table. `failure` is the result for C where the callback fails. */
function define<const S extends Signature>(
  name: FunctionOption,
  data: keyof typeof easyOptions,
  signature: S,
  failure: ReturnType<CallbackFunction<S>>,
  make: (kind: CallbackKind) => CallbackFunction<S>,
): void {
  const id = easyOptions[name].id, dataId = easyOptions[data].id;
  let pointer: NonNullPointer | undefined;
  const kind: EasyCallbackKind = {
    name,
    id,
    dataId,
    failure: Number(failure),
    pointer() {
      return pointer ??= nativeCallback(signature, failure, make(kind));
    },
  };
  kinds.set(id, kind);
}

/** The kind of a function option; `undefined` where the table has none. */
export function callbackKind(id: number): EasyCallbackKind | undefined {
  return kinds.get(id);
}

/** The kinds that share a `*DATA` option. */
export function kindsOfData(dataId: number): EasyCallbackKind[] {
  return [...kinds.values()].filter((kind) => kind.dataId === dataId);
}

// Tokens in a `void *` slot and `size_t`s are read as u32, since both are small. Each failure value
// is that of the option's manual page.

/** char *ptr, size_t size, size_t nmemb, void *userdata → size_t */
const BYTES = { args: ["pointer", "u32", "u32", "u32"], result: "u32" } as const;
define("WRITEFUNCTION", "WRITEDATA", BYTES, flags.CURL_WRITEFUNC_ERROR, onBytes);
define("HEADERFUNCTION", "HEADERDATA", BYTES, flags.CURL_WRITEFUNC_ERROR, onHeader);
define("INTERLEAVEFUNCTION", "INTERLEAVEDATA", BYTES, flags.CURL_WRITEFUNC_ERROR, onBytes);
define("READFUNCTION", "READDATA", BYTES, flags.CURL_READFUNC_ABORT, onRead);

// void *clientp, curl_off_t offset, int origin
define(
  "SEEKFUNCTION",
  "SEEKDATA",
  { args: ["u32", "i64", "i32"], result: "i32" },
  flags.CURL_SEEKFUNC_FAIL,
  (kind) => (token, offset, origin) =>
    dispatch(token, kind, (fn, data, state) => {
      const status = toStatus(fn(data, offset, origin), kind.name);
      if (status === flags.CURL_SEEKFUNC_OK) state.run.bytesRead = Number(offset);
      return status;
    }),
);
// CURL *, int cmd, void *clientp
define(
  "IOCTLFUNCTION",
  "IOCTLDATA",
  { args: ["pointer", "i32", "u32"], result: "i32" },
  flags.CURLIOE_FAILRESTART,
  (kind) => (_easy, cmd, token) =>
    dispatch(token, kind, (fn, data, state) => {
      const status = toStatus(fn(state.easy, cmd, data), kind.name);
      if (status === flags.CURLIOE_OK && cmd === flags.CURLIOCMD_RESTARTREAD) {
        state.run.bytesRead = 0;
      }
      return status;
    }),
);
// void *clientp, curl_off_t dltotal, dlnow, ultotal, ulnow
define(
  "XFERINFOFUNCTION",
  "XFERINFODATA",
  { args: ["u32", "i64", "i64", "i64", "i64"], result: "i32" },
  ABORT,
  onProgress,
);
// void *clientp, double dltotal, dlnow, ultotal, ulnow
define(
  "PROGRESSFUNCTION",
  "PROGRESSDATA",
  { args: ["u32", "f64", "f64", "f64", "f64"], result: "i32" },
  ABORT,
  onProgress,
);
// CURL *, curl_infotype, char *data, size_t size, void *clientp
define(
  "DEBUGFUNCTION",
  "DEBUGDATA",
  { args: ["pointer", "i32", "pointer", "u32", "u32"], result: "i32" },
  0,
  (kind) => (_easy, type, text, size, token) => {
    for (const tap of easyTokens.get(token)?.taps ?? []) tap.trace(type, tappedAt(text, size));
    return dispatch(token, kind, (fn, data, state) => {
      // libcurl traces the refusal of an option too, so this could recurse without end
      if (state.inDebugCallback || !state.settings.verbose) return 0;
      state.inDebugCallback = true;
      try {
        return fn(state.easy, type, bytesAt(text, size), data);
      } finally {
        state.inDebugCallback = false;
      }
    });
  },
);
// CURL *, void *ssl_ctx, void *clientp → CURLcode
define(
  "SSL_CTX_FUNCTION",
  "SSL_CTX_DATA",
  { args: ["pointer", "pointer", "u32"], result: "i32" },
  Code.ABORTED_BY_CALLBACK,
  (kind) => (_easy, sslctx, token) =>
    dispatch(token, kind, (fn, data, state) => fn(state.easy, sslctx, data)),
);
// void *clientp, curl_socket_t, curlsocktype purpose
define(
  "SOCKOPTFUNCTION",
  "SOCKOPTDATA",
  { args: ["u32", "socket", "i32"], result: "i32" },
  flags.CURL_SOCKOPT_ERROR,
  onSockopt,
);
// void *clientp, curlsocktype purpose, struct curl_sockaddr * → curl_socket_t
define(
  "OPENSOCKETFUNCTION",
  "OPENSOCKETDATA",
  { args: ["u32", "i32", "pointer"], result: "i32" },
  flags.CURL_SOCKET_BAD,
  (kind) => (token, purpose, address) =>
    onOpenSocket(kind, token, purpose, readSocketAddress(address)),
);
// void *clientp, curl_socket_t; the token is that of a CloseHook, not of an easy handle
define(
  "CLOSESOCKETFUNCTION",
  "CLOSESOCKETDATA",
  { args: ["u32", "socket"], result: "i32" },
  1,
  () => onCloseSocket,
);
// CURL *, const struct curl_khkey *known, *found, enum curl_khmatch, void *clientp
define(
  "SSH_KEYFUNCTION",
  "SSH_KEYDATA",
  { args: ["pointer", "pointer", "pointer", "i32", "u32"], result: "i32" },
  CURLKHSTAT_REJECT,
  (kind) => (_easy, known, found, match, token) => {
    const status = dispatch(
      token,
      kind,
      (fn, data, state) => fn(state.easy, readHostKey(known), readHostKey(found), match, data),
    );
    // after CURLKHSTAT_DEFER libcurl 7.88.1 with libssh2 repeats the call for ever; the error is
    // the same
    return status === CURLKHSTAT_DEFER ? CURLKHSTAT_REJECT : status;
  },
);
// void *clientp, int keytype, const char *key, size_t keylen
define(
  "SSH_HOSTKEYFUNCTION",
  "SSH_HOSTKEYDATA",
  { args: ["u32", "i32", "pointer", "u32"], result: "i32" },
  flags.CURLKHMATCH_MISMATCH,
  (kind) => (token, keytype, key, length) =>
    dispatch(token, kind, (fn, data) => fn(data, keytype, bytesAt(key, length))),
);
// const void *transfer_info, void *ptr, int remains → long
define(
  "CHUNK_BGN_FUNCTION",
  "CHUNK_DATA",
  { args: ["pointer", "u32", "i32"], result: "i32" },
  flags.CURL_CHUNK_BGN_FUNC_FAIL,
  (kind) => (info, token, remains) =>
    dispatch(token, kind, (fn, data) => fn(readFileInfo(info), data, remains)),
);
// void *ptr → long
define(
  "CHUNK_END_FUNCTION",
  "CHUNK_DATA",
  { args: ["u32"], result: "i32" },
  flags.CURL_CHUNK_END_FUNC_FAIL,
  (kind) => (token) => dispatch(token, kind, (fn, data) => fn(data)),
);
// void *ptr, const char *pattern, const char *string
define(
  "FNMATCH_FUNCTION",
  "FNMATCH_DATA",
  { args: ["u32", "pointer", "pointer"], result: "i32" },
  flags.CURL_FNMATCHFUNC_FAIL,
  (kind) => (token, pattern, name) =>
    dispatch(
      token,
      kind,
      (fn, data) => fn(data, native.string(pattern) ?? "", native.string(name) ?? ""),
    ),
);
// void *resolver_state, void *reserved, void *userdata
define(
  "RESOLVER_START_FUNCTION",
  "RESOLVER_START_DATA",
  { args: ["pointer", "pointer", "u32"], result: "i32" },
  1,
  (kind) => (resolver, reserved, token) =>
    dispatch(token, kind, (fn, data) => fn(resolver, reserved, data)),
);
// void *clientp, char *primary_ip, char *local_ip, int primary_port, int local_port
define(
  "PREREQFUNCTION",
  "PREREQDATA",
  { args: ["u32", "pointer", "pointer", "i32", "i32"], result: "i32" },
  flags.CURL_PREREQFUNC_ABORT,
  (kind) => (token, primary, local, primaryPort, localPort) =>
    dispatch(
      token,
      kind,
      (fn, data) =>
        fn(data, native.string(primary) ?? "", native.string(local) ?? "", primaryPort, localPort),
    ),
);
// struct curl_slist **list, void *userdata
define(
  "TRAILERFUNCTION",
  "TRAILERDATA",
  { args: ["pointer", "u32"], result: "i32" },
  flags.CURL_TRAILERFUNC_ABORT,
  (kind) => (list, token) =>
    dispatch(token, kind, (fn, data, state) => {
      state.markTrailersSent();
      const lines: string[] = [];
      const status = toStatus(fn(lines, data), kind.name);
      storeList(list as NonNullPointer, checkTrailers(lines));
      return status;
    }),
);
// CURL *, struct curl_hstsentry *, void *userp → CURLSTScode
define(
  "HSTSREADFUNCTION",
  "HSTSREADDATA",
  { args: ["pointer", "pointer", "u32"], result: "i32" },
  flags.CURLSTS_FAIL,
  // for an invalid token 0 would make libcurl ask for more entries without end
  (kind) => (_easy, struct, token) =>
    !easyTokens.get(token) ? CURLSTS_DONE : dispatch(token, kind, (fn, data, state) => {
      const entry = { name: "", includeSubDomains: false, expire: "" };
      const result = callForHsts(state, () => fn(state.easy, entry, data));
      const { name, includeSubDomains, expire } = entry; // read once: may be the user's getters
      const status = result ?? (name === "" ? CURLSTS_DONE : 0);
      if (status !== 0) return status;
      writeHstsEntry(struct as NonNullPointer, { name, includeSubDomains, expire });
      return 0;
    }),
);
// CURL *, struct curl_hstsentry *, struct curl_index *, void *userp → CURLSTScode
define(
  "HSTSWRITEFUNCTION",
  "HSTSWRITEDATA",
  { args: ["pointer", "pointer", "pointer", "u32"], result: "i32" },
  flags.CURLSTS_FAIL,
  (kind) => (_easy, struct, index, token) =>
    dispatch(token, kind, (fn, data, state) => {
      const at = new Struct(index as NonNullPointer, 16); // size_t index @0, size_t total @8
      const place = { index: at.i64(0), total: at.i64(8) };
      const entry = readHstsEntry(struct as NonNullPointer);
      return callForHsts(state, () => fn(state.easy, entry, place, data));
    }),
);

/**
 * Calls a function of the user while libcurl iterates over the HSTS cache. Options that would free
 * the cache, or unset these callbacks, are refused meanwhile.
 */
function callForHsts<T>(state: EasyState, call: () => T): T {
  state.inHstsCallback = true;
  try {
    return call();
  } finally {
    state.inHstsCallback = false;
  }
}

/** Checks the lines that a TRAILERFUNCTION has pushed. Each is read once, as it may be a getter. */
function checkTrailers(lines: readonly unknown[]): string[] {
  return Array.from({ length: lines.length }, (_, i) => {
    const line = lines[i];
    if (typeof line === "string" && !/[\0\r\n]/.test(line)) return line;
    throw new TypeError(
      "The TRAILERFUNCTION pushed a line that is not a string or has a NUL or a line break",
    );
  });
}

/** Stores a list at `target`, where libcurl takes ownership of it. */
function storeList(target: NonNullPointer, lines: readonly string[]): void {
  const list = makeList(lines);
  if (list === null) return;
  live.lists--;
  new Struct(target, 8).setI64(0, native.address(list));
}
