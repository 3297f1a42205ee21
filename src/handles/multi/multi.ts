/**
 * The multi handle: several transfers at once.
 *
 * The folder `multi/` knows the easy handles that are added, the callbacks of a multi, and what
 * libcurl needs around each call. It does not know an event loop: whoever drives the multi, the
 * user or `src/driver`, waits for the sockets.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { multiOptions } from "../../../ffi/curl/options.ts";
import { result } from "../../../ffi/memory.ts";
import { library, native } from "../../../ffi/mod.ts";
import { Code, type CurlEasyError, CurlMultiError, MultiCode } from "../../errors.ts";
import { CollectedHandles } from "../base/collected_handles.ts";
import { show } from "../base/arguments.ts";
import { type Easy, easyOf } from "../easy/easy.ts";
import { saveEntryPath } from "../easy/ftp_entry_path.ts";
import { abortAll } from "./abort_all.ts";
import type { MultiCallbackTypes } from "./callback_types.ts";
import { installSocketCallback } from "./callbacks.ts";
import { addEasy, openState, removeAll } from "./members.ts";
import { cMessage } from "./message.ts";
import type { MultiOptionTypes } from "./option_types.ts";
import { setMultiOption } from "./options.ts";
import { MultiResources, MultiState } from "./state.ts";
import { type FdSets, fdSets, pollDescriptors, waitDescriptors, type WaitFd } from "./wait.ts";

/** The callback options of a multi handle. */
export type MultiCallbacks = MultiCallbackTypes<Multi>;

/** The name of a multi option: curl's own, without `CURLMOPT_`. */
export type MultiOptionName = keyof MultiOptionTypes<Multi>;

/** The value that a multi option takes; `null` unsets it. */
export type MultiOptionValue<N extends MultiOptionName> = MultiOptionTypes<Multi>[N];

/** A finished transfer. */
export interface Message {
  /** The handle, still added. */
  readonly easy: Easy;
  /** The `CURLcode` of the transfer. */
  readonly result: number;
  /** The error, `null` after success; its `cause` is what a callback threw. */
  readonly error: CurlEasyError | null;
}

/** The internals of a multi handle, for a driver. */
export let multiStateOf: (multi: Multi) => MultiState;

export { multiCount } from "./state.ts";

const unclosed = new CollectedHandles<MultiResources>("a Multi", (resources) => {
  if (resources.pointer === null) return undefined;
  resources.free();
  return true;
});

/**
 * A multi handle, which runs several transfers at once: {@link
 * https://curl.se/libcurl/c/libcurl-multi.html}. Use {@linkcode Multi.socketAction} to integrate it
 * into your own event loop, or an `Agent`, which has one.
 *
 * @example
 * ```ts
 * import { Easy, Multi } from "curlew";
 *
 * using multi = new Multi();
 * using easy = new Easy();
 * easy.setOpts({ URL: "https://example.com/", TIMEOUT_MS: 10_000 });
 * multi.addHandle(easy);
 * while (multi.perform() > 0) multi.poll([], 1000);
 * for (const { easy, result } of multi.messages()) {
 *   console.log(easy.getInfo("EFFECTIVE_URL"), result);
 * }
 * ```
 */
export class Multi {
  readonly #state: MultiState;
  /**
   * The buffer in which C stores counts. Each multi has its own: after C has stored a count,
   * callbacks may still run and call other multis.
   */
  readonly #count = new Int32Array(new ArrayBuffer(4));

  static {
    multiStateOf = (multi) => multi.#state;
  }

  /**
   * Makes a handle: `curl_multi_init`.
   *
   * @throws {CurlLoadError} where there is no libcurl.
   */
  constructor() {
    const { curl_multi_init, curl_multi_setopt } = library().symbols;
    const pointer = curl_multi_init();
    if (pointer === null) {
      throw new CurlMultiError(MultiCode.OUT_OF_MEMORY, "Cannot make a multi handle");
    }
    // without it closing waits for name lookups; before 8.20 it is unknown, which is no error here
    curl_multi_setopt.long(pointer, multiOptions.QUICK_EXIT.id, 1);
    const resources = new MultiResources(pointer);
    this.#state = new MultiState(this, resources);
    unclosed.add(this, resources);
    installSocketCallback(this.#state);
  }

  /** Whether the handle is closed. */
  get closed(): boolean {
    return this.#state.resources.pointer === null;
  }

  /** Sets an option by its number, a `CURLMOPT_*`. */
  setOpt(option: number, value: unknown): void;
  /**
   * Sets an option: {@link https://curl.se/libcurl/c/curl_multi_setopt.html}. A `*DATA` option
   * takes any JS value. `null` unsets a function, and restores the default of a number.
   *
   * @throws {CurlMultiError} CURLM_UNKNOWN_OPTION for an unknown option,
   * CURLM_BAD_FUNCTION_ARGUMENT for a value that it cannot take.
   */
  setOpt<N extends MultiOptionName>(option: N, value: MultiOptionValue<N>): void;
  setOpt(option: string | number, value: unknown): void {
    setMultiOption(this.#state, option, value);
  }

  /**
   * Adds a transfer: {@link https://curl.se/libcurl/c/curl_multi_add_handle.html}. The multi keeps
   * the handle alive until it is removed.
   *
   * @throws {CurlMultiError} CURLM_ADDED_ALREADY where the handle is in this or another multi, or
   * in a callback of its own.
   * @throws {CurlEasyError} CURLE_BAD_FUNCTION_ARGUMENT, with libcurl before 8.7, for a handle with
   * CONNECT_ONLY that has run `perform()` before: libcurl would not find its connection.
   */
  addHandle(easy: Easy): void {
    addEasy(this.#state, easy);
  }

  /**
   * Removes a transfer, whether it is finished or not: {@link
   * https://curl.se/libcurl/c/curl_multi_remove_handle.html}. A handle that is in no multi is no
   * error.
   *
   * @throws {CurlMultiError} CURLM_BAD_EASY_HANDLE where the handle is in another multi.
   */
  removeHandle(easy: Easy): void {
    const state = this.#state;
    void state.pointer; // throws for a closed multi, which is reported before a closed easy
    state.remove(openState(easy));
  }

  /**
   * Reports an event on a socket to libcurl, or with `CURL_SOCKET_TIMEOUT` that the timeout has
   * expired: {@link https://curl.se/libcurl/c/curl_multi_socket_action.html}. `evBitmask` consists
   * of `CURL_CSELECT_*` bits; with 0 libcurl checks the socket itself.
   *
   * @returns how many transfers are still running.
   * @throws {CurlMultiError} CURLM_BAD_SOCKET for a number that no socket can have.
   */
  socketAction(fd: number, evBitmask: number): number {
    const state = this.#state, pointer = state.pointer;
    descriptor("socketAction", fd);
    int32("socketAction", evBitmask);
    state.refuseInCallback("call socketAction()");
    abortAll(state);
    const code = library().symbols.curl_multi_socket_action(pointer, fd, evBitmask, this.#count);
    state.finish(code);
    return this.#count[0] as number;
  }

  /**
   * Does the same as {@linkcode socketAction} with a mask of 0: {@link
   * https://curl.se/libcurl/c/curl_multi_socket.html}.
   *
   * @returns how many transfers are still running.
   * @throws {CurlMultiError} CURLM_BAD_SOCKET for a number that no socket can have.
   * @deprecated by libcurl, use {@linkcode socketAction}.
   */
  socket(fd: number): number {
    descriptor("socket", fd);
    return this.#run(
      "call socket()",
      (multi) => library().symbols.curl_multi_socket(multi, fd, this.#count),
    );
  }

  /**
   * Makes libcurl check all its sockets: {@link
   * https://curl.se/libcurl/c/curl_multi_socket_all.html}.
   *
   * @returns how many transfers are still running.
   * @deprecated by libcurl, use {@linkcode socketAction}.
   */
  socketAll(): number {
    return this.#run(
      "call socketAll()",
      (multi) => library().symbols.curl_multi_socket_all(multi, this.#count),
    );
  }

  /**
   * Continues all transfers as far as possible without waiting: {@link
   * https://curl.se/libcurl/c/curl_multi_perform.html}.
   *
   * @returns how many transfers are still running.
   */
  perform(): number {
    return this.#run(
      "call perform()",
      (multi) => library().symbols.curl_multi_perform(multi, this.#count),
    );
  }

  /** Makes a call that stores an `int` and may run callbacks. */
  #run(what: string, call: (multi: MultiState["pointer"]) => number): number {
    const state = this.#state, pointer = state.pointer;
    state.refuseInCallback(what);
    abortAll(state);
    const code = call(pointer);
    state.finish(code);
    return this.#count[0] as number;
  }

  /**
   * Associates a value with a socket: {@link https://curl.se/libcurl/c/curl_multi_assign.html}.
   * SOCKETFUNCTION then gets the value as `socketData`, last with `CURL_POLL_REMOVE`, which deletes
   * it. A new value replaces the old one; `undefined` deletes it. The call is allowed in callbacks.
   * The value never leaves JS.
   *
   * @throws {CurlMultiError} CURLM_BAD_SOCKET where libcurl does not use that fd.
   */
  assign(fd: number, value: unknown): void {
    const { pointer, assigned } = this.#state;
    descriptor("assign", fd);
    const { curl_multi_assign } = library().symbols;
    const id = value === undefined ? 0 : assigned.reserve(value);
    const code = curl_multi_assign(pointer, fd, id);
    if (code !== MultiCode.OK) {
      assigned.cancel(id);
      throw new CurlMultiError(code);
    }
    if (id === 0) assigned.remove(fd);
    else assigned.bind(fd, id);
  }

  /**
   * The longest time to wait before `socketAction(CURL_SOCKET_TIMEOUT, 0)`: {@link
   * https://curl.se/libcurl/c/curl_multi_timeout.html}.
   *
   * @returns milliseconds, -1 for no limit.
   */
  timeout(): number {
    const { abortPending, pointer } = this.#state;
    if (abortPending) return 0;
    result.i32[0] = result.i32[1] = -1;
    const code = library().symbols.curl_multi_timeout(pointer, result.i32);
    if (code !== MultiCode.OK) throw new CurlMultiError(code);
    return native.os === "windows" ? result.i32[0] as number : result.integer();
  }

  /**
   * The next finished transfer: {@link https://curl.se/libcurl/c/curl_multi_info_read.html}.
   *
   * @returns `null` where there is none.
   */
  infoRead(): Message | null {
    const state = this.#state;
    const { pointer } = state, { curl_multi_info_read } = library().symbols;
    const message = state.takeMessage() ?? cMessage(curl_multi_info_read(pointer, result.i32));
    if (message === null) return null;
    const finished = state.easies.get(message.easy);
    const easy = finished && easyOf(finished);
    if (!finished || !easy) throw new CurlMultiError(MultiCode.BAD_EASY_HANDLE);
    finished.run.endReported = true;
    const error = finished.takeError(message.result);
    saveEntryPath(finished, message.result);
    finished.flushOutput();
    const { result: code } = message;
    return { easy, result: code === Code.OK || !error ? code : error.code, error };
  }

  /** All finished transfers, as {@linkcode infoRead} returns them. */
  *messages(): Generator<Message, void, undefined> {
    for (let message = this.infoRead(); message; message = this.infoRead()) yield message;
  }

  /**
   * Blocks until a transfer can continue, one of `descriptors` is ready, or `timeoutMs` have
   * passed: {@link https://curl.se/libcurl/c/curl_multi_poll.html}.
   *
   * @returns how many descriptors are ready; their `revents` are set.
   */
  poll(descriptors: WaitFd[] = [], timeoutMs = 0): number {
    return pollDescriptors(this.#state, "curl_multi_poll", descriptors, timeoutMs);
  }

  /**
   * As {@linkcode poll}, but returns at once where there is no descriptor to wait for: {@link
   * https://curl.se/libcurl/c/curl_multi_wait.html}.
   */
  wait(descriptors: WaitFd[] = [], timeoutMs = 0): number {
    return pollDescriptors(this.#state, "curl_multi_wait", descriptors, timeoutMs);
  }

  /**
   * Makes a {@linkcode poll} in progress, or the next one, return: {@link
   * https://curl.se/libcurl/c/curl_multi_wakeup.html}.
   */
  wakeup(): void {
    this.#state.finish(library().symbols.curl_multi_wakeup(this.#state.pointer));
  }

  /**
   * The descriptors to `select()` on: {@link https://curl.se/libcurl/c/curl_multi_fdset.html}.
   * Only those below 1024, as in C.
   */
  fdset(): FdSets {
    return fdSets(this.#state);
  }

  /**
   * The descriptors to `poll()` on: {@link https://curl.se/libcurl/c/curl_multi_waitfds.html}.
   *
   * @throws {CurlLoadError} before libcurl 8.8.
   */
  waitfds(): WaitFd[] {
    return waitDescriptors(this.#state);
  }

  /**
   * The handles that are added, as {@link https://curl.se/libcurl/c/curl_multi_get_handles.html}
   * returns them. curlew keeps the list itself, so it works with every libcurl.
   */
  getHandles(): Easy[] {
    void this.#state.pointer;
    const easies: Easy[] = [];
    for (const state of this.#state.easies) {
      const easy = easyOf(state);
      if (easy) easies.push(easy);
    }
    return easies;
  }

  /**
   * A count of transfers, a `CURLMINFO_*`: {@link
   * https://curl.se/libcurl/c/curl_multi_get_offt.html}.
   *
   * @throws {CurlMultiError} CURLM_UNKNOWN_OPTION for an unknown number.
   * @throws {CurlLoadError} before libcurl 8.16.
   */
  getOffT(info: number): number {
    const { pointer } = this.#state;
    int32("getOffT", info);
    const code = library().symbols.curl_multi_get_offt(pointer, info, result.i64);
    if (code !== MultiCode.OK) throw new CurlMultiError(code);
    return result.integer();
  }

  /**
   * Enables calls of NOTIFYFUNCTION for a `CURLMNOTIFY_*`: {@link
   * https://curl.se/libcurl/c/curl_multi_notify_enable.html}.
   *
   * @throws {CurlLoadError} before libcurl 8.17.
   */
  notifyEnable(notification: number): void {
    int32("notifyEnable", notification);
    const { pointer } = this.#state;
    this.#state.finish(library().symbols.curl_multi_notify_enable(pointer, notification >>> 0));
  }

  /** Disables what {@linkcode notifyEnable} has enabled. */
  notifyDisable(notification: number): void {
    int32("notifyDisable", notification);
    const { pointer } = this.#state;
    this.#state.finish(library().symbols.curl_multi_notify_disable(pointer, notification >>> 0));
  }

  /**
   * Removes all easy handles, which stay open, closes the cached connections, and frees the multi
   * handle. Callbacks may run meanwhile, and receive their data. Does nothing the second time.
   *
   * @throws {CurlMultiError} CURLM_RECURSIVE_API_CALL inside a callback. What a callback threw
   * meanwhile is thrown after the handle was freed.
   */
  close(): void {
    const state = this.#state;
    if (state.resources.pointer === null) return;
    state.refuseInCallback("close the multi handle");
    removeAll(state);
    unclosed.delete(this);
    const code = state.resources.free();
    state.assigned.clear();
    state.ignoreAbort();
    state.finish(code);
  }

  /** Closes the handle at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function int32(call: string, value: unknown): void {
  if (typeof value !== "number" || !Object.is(value, value | 0)) {
    throw new CurlMultiError(
      MultiCode.BAD_FUNCTION_ARGUMENT,
      `Cannot call ${call}(): expected a whole number of 32 bits, got ${show(value)}`,
    );
  }
}

/**
 * Throws for a value that cannot be a descriptor. libcurl since 8.9 uses the remainder of a
 * negative number as an index of its table of sockets.
 */
function descriptor(call: string, fd: unknown): void {
  int32(call, fd);
  if ((fd as number) >= flags.CURL_SOCKET_TIMEOUT) return;
  throw new CurlMultiError(
    MultiCode.BAD_SOCKET,
    `Cannot call ${call}(): expected a descriptor, got ${show(fd)}`,
  );
}
