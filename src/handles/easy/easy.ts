/**
 * The easy handle: one transfer.
 *
 * The folder `easy/` knows the options, infos and calls of an easy handle, and the steps that
 * libcurl needs around each. It does not know the multi handle or the driver, except by the
 * interfaces of `core/`.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { library, type NonNullPointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { CollectedHandles } from "../base/collected_handles.ts";
import { bytes } from "../base/arguments.ts";
import { EasyResources, EasyState } from "../core/easy_state.ts";
import { registerHandle } from "../core/handle_registry.ts";
import { prepareReaders } from "../mime/copy.ts";
import {
  callAnywhere,
  callEasy,
  pauseTransfer,
  performTransfer,
  refuseHstsFile,
  refuseInStreamTree,
  resetOptions,
  resetSettings,
  transport,
} from "./calls.ts";
import { setErrorBuffer, setInitialOptions } from "./defaults.ts";
import { adoptFunctions } from "./functions.ts";
import {
  type Header,
  type HeaderOptions,
  type HeadersOptions,
  readHeader,
  readHeaders,
} from "./headers.ts";
import { getInfo, type InfoName, type InfoValue } from "./infos.ts";
import { setOption } from "./options.ts";
import type { EasyCallbackTypes } from "./types/callbacks.ts";
import type { EasyOptionTypes } from "./types/options.ts";
import { currentFrame, receiveFrame, sendFrame, startFrame, type WsFrame } from "./websocket.ts";

/** The name of an easy option: curl's own, without `CURLOPT_`. */
export type EasyOptionName = keyof EasyOptions;

/** The value that an easy option takes; `null` unsets it. */
export type EasyOptionValue<N extends EasyOptionName> = Required<EasyOptions>[N];

/** Easy options by curl's name, without `CURLOPT_`. */
export type EasyOptions = EasyOptionTypes<Easy>;

/** Every callback option of an easy handle. */
export type EasyCallbacks = EasyCallbackTypes<Easy>;

const unclosed = new CollectedHandles<EasyResources>("an Easy", (resources) => {
  if (resources.pointer === null) return undefined;
  resources.free();
  return true;
});

/** The internals of an easy handle. */
export let stateOf: (easy: Easy) => EasyState;
/** The public object of a state, `null` once it was garbage-collected. */
export const easyOf = (state: EasyState): Easy | null => state.easy as Easy | null;
/** Whether a value is an `Easy`. */
export let isEasy: (value: unknown) => value is Easy;
/** Wraps a `CURL *` that libcurl has copied from that of `parent`. */
export let adopt: (pointer: NonNullPointer, parent: EasyState) => Easy;
/** Frees all of a handle but the `CURL *`, which libcurl frees itself. */
export let closeJsSide: (easy: Easy) => void;

// `adopt` passes the C handle to the constructor, which has no public parameter
let adopted: NonNullPointer | null = null;

/**
 * An easy handle, which runs one transfer: {@link https://curl.se/libcurl/c/libcurl-easy.html}.
 *
 * Options have curl's names without `CURLOPT_`, infos without `CURLINFO_`. A new handle has
 * NOSIGNAL and QUICK_EXIT set, and a BUFFERSIZE of 64 KiB, or libcurl's 16 KiB where
 * MAX_RECV_SPEED_LARGE limits the speed. For large bodies from a READFUNCTION an UPLOAD_BUFFERSIZE
 * of 256 KiB takes a fifth less time.
 *
 * @example
 * ```ts
 * import { Easy } from "curlew";
 *
 * using easy = new Easy();
 * let body = "";
 * const decoder = new TextDecoder();
 * easy.setOpts({
 *   URL: "https://example.com/",
 *   TIMEOUT_MS: 10_000,
 *   WRITEFUNCTION: (bytes) => {
 *     body += decoder.decode(bytes, { stream: true });
 *     return bytes.length;
 *   },
 * });
 * easy.perform();
 * console.log(easy.getInfo("RESPONSE_CODE"), body.length);
 * ```
 */
export class Easy {
  readonly #state: EasyState;

  static {
    stateOf = (easy) => easy.#state;
    isEasy = (value): value is Easy =>
      typeof value === "object" && value !== null && #state in value;
    registerHandle(
      [easyOptions.STREAM_DEPENDS.id, easyOptions.STREAM_DEPENDS_E.id],
      (value) => #state in value ? (value as Easy).#state : undefined,
    );
    adopt = (pointer, parent) => {
      adopted = pointer;
      const easy = new Easy();
      easy.#inherit(parent);
      return easy;
    };
    closeJsSide = (easy) => {
      const state = easy.#state;
      unclosed.delete(easy);
      state.resources.freeAllButHandle();
      resetSettings(state);
    };
  }

  /**
   * Makes a handle: `curl_easy_init`.
   *
   * @throws {CurlLoadError} where there is no libcurl.
   */
  constructor() {
    const copy = adopted, pointer = copy ?? library().symbols.curl_easy_init();
    adopted = null;
    if (pointer === null) throw new CurlEasyError(Code.OUT_OF_MEMORY, "Cannot make an easy handle");
    const resources = new EasyResources(pointer);
    this.#state = new EasyState(this, resources);
    if (copy) setErrorBuffer(this.#state);
    else setInitialOptions(this.#state);
    unclosed.add(this, resources);
  }

  #inherit(parent: EasyState): void {
    const state = this.#state;
    state.settings = parent.settings.copy();
    for (const [option, owned] of parent.resources.owned) {
      // libcurl copies the MIME tree
      if (option !== easyOptions.MIMEPOST.id) state.resources.owned.set(option, owned.retain());
    }
    adoptFunctions(state, parent);
  }

  /** Whether the handle is closed. */
  get closed(): boolean {
    return this.#state.resources.pointer === null;
  }

  /** Sets an option by its number, a `CURLOPT_*`. */
  setOpt(option: number, value: unknown): void;
  /**
   * Sets an option: {@link https://curl.se/libcurl/c/curl_easy_setopt.html}.
   *
   * `null` unsets a string, list, blob, object or function, and restores the documented default
   * of a number. A number as the option is its `CURLOPT_*` value.
   *
   * @throws {CurlEasyError} CURLE_UNKNOWN_OPTION for an unknown option,
   * CURLE_BAD_FUNCTION_ARGUMENT for a value of the wrong type, out of range or with a NUL, and
   * the codes of libcurl itself.
   */
  setOpt<N extends EasyOptionName>(option: N, value: EasyOptionValue<N>): void;
  setOpt(option: string | number, value: unknown): void {
    setOption(this.#state, option, value);
  }

  /** Sets several options, in the order of the object; see {@linkcode Easy.setOpt}. */
  setOpts(options: EasyOptions): void {
    // own keys only: an option on Object.prototype would be set on every handle of the process
    for (const option of Object.keys(options ?? {})) {
      setOption(this.#state, option, options[option as EasyOptionName]);
    }
  }

  /** Reads an info by its number, a `CURLINFO_*`. */
  getInfo(info: number): unknown;
  /**
   * Reads an info: {@link https://curl.se/libcurl/c/curl_easy_getinfo.html}. Times are in seconds
   * for a double and in microseconds for an `_T`, sizes in bytes. A string that is not set is
   * `null`, and ACTIVESOCKET is -1 where there is none.
   *
   * @throws {CurlEasyError} CURLE_UNKNOWN_OPTION for an unknown info.
   */
  getInfo<N extends InfoName>(info: N): InfoValue<N>;
  getInfo(info: string | number): unknown {
    return getInfo(this.#state, info);
  }

  /**
   * Runs the transfer and returns when it is over: {@link
   * https://curl.se/libcurl/c/curl_easy_perform.html}. The call blocks the thread; an `Agent` does
   * not.
   *
   * @throws {CurlEasyError} the error of the transfer; its `cause` is what a callback threw.
   */
  perform(): void {
    performTransfer(this.#state);
  }

  /**
   * Pauses and unpauses: {@link https://curl.se/libcurl/c/curl_easy_pause.html}. `flags` consists
   * of `CURLPAUSE_*` bits, the directions that are paused from now on. libcurl 8.7 to 8.14 may
   * still pass on the bytes in its buffer. Unpausing may run callbacks before it returns.
   *
   * @throws {CurlEasyError} CURLE_ABORTED_BY_CALLBACK where a callback of the multi failed then.
   */
  pause(flags: number): void {
    pauseTransfer(this.#state, flags);
  }

  /**
   * Resets all options, but keeps connections, cookies and sessions: {@link
   * https://curl.se/libcurl/c/curl_easy_reset.html}.
   */
  reset(): void {
    resetOptions(this.#state);
  }

  /**
   * Makes a new handle with the same options, except SHARE: {@link
   * https://curl.se/libcurl/c/curl_easy_duphandle.html}.
   *
   * @throws {CurlEasyError} CURLE_BAD_FUNCTION_ARGUMENT where HSTS is set, with libcurl 7.88 to
   * 8.4: these versions would free the list of its files twice.
   */
  duplicate(): Easy {
    const state = this.#state, { pointer } = state;
    refuseInStreamTree(state, "duplicate");
    refuseHstsFile(state);
    const finishReaders = prepareReaders(state);
    const copy = library().symbols.curl_easy_duphandle(pointer);
    const easy = copy && adopt(copy, state);
    finishReaders(easy && stateOf(easy));
    if (easy) return easy;
    throw new CurlEasyError(Code.OUT_OF_MEMORY, "Cannot duplicate the handle");
  }

  /** Runs the upkeep of connections: {@link https://curl.se/libcurl/c/curl_easy_upkeep.html}. */
  upkeep(): void {
    callEasy(this.#state, "do upkeep", library().symbols.curl_easy_upkeep);
  }

  /**
   * Sends bytes on the connection of a CONNECT_ONLY transfer and returns how many were taken:
   * {@link https://curl.se/libcurl/c/curl_easy_send.html}.
   *
   * @throws {CurlEasyError} CURLE_AGAIN where nothing can be sent now.
   */
  send(data: Uint8Array): number {
    const { curl_easy_send } = library().symbols;
    return transport(this.#state, "send", bytes("what to send", data), curl_easy_send);
  }

  /**
   * Receives into the buffer and returns the count of bytes, 0 at the end of the stream:
   * {@link https://curl.se/libcurl/c/curl_easy_recv.html}.
   *
   * @throws {CurlEasyError} CURLE_AGAIN where nothing can be received now.
   */
  recv(buffer: Uint8Array<ArrayBuffer>): number {
    const { curl_easy_recv } = library().symbols;
    return transport(this.#state, "receive", bytes("the buffer", buffer), curl_easy_recv);
  }

  /**
   * Sends a WebSocket frame, or the next piece of one: {@link
   * https://curl.se/libcurl/c/curl_ws_send.html}. The handle must have run with a CONNECT_ONLY of
   * 2, or be inside one of its callbacks, where the call blocks until all is sent.
   *
   * @param flags `CURLWS_*` bits; none in `CURLWS_RAW_MODE`.
   * @param fragsize the size of the whole frame, with `CURLWS_OFFSET`.
   * @returns how many bytes were taken. Send the rest with the same flags.
   * @throws {CurlEasyError} CURLE_AGAIN where nothing can be sent now: send the same again.
   * @throws {CurlLoadError} where this libcurl has no WebSocket.
   */
  wsSend(data: Uint8Array<ArrayBuffer>, flags: number, fragsize: number | bigint = 0): number {
    const state = this.#state;
    return sendFrame(state, (what, call) => callAnywhere(state, what, call), data, flags, fragsize);
  }

  /**
   * Receives a WebSocket frame, or the next piece of one: {@link
   * https://curl.se/libcurl/c/curl_ws_recv.html}. The handle must have run with a CONNECT_ONLY of
   * 2.
   *
   * @throws {CurlEasyError} CURLE_AGAIN where nothing can be received now, CURLE_GOT_NOTHING where
   * the connection is closed.
   * @throws {CurlLoadError} where this libcurl has no WebSocket.
   */
  wsRecv(buffer: Uint8Array<ArrayBuffer>): WsFrame {
    return receiveFrame((what, call) => callEasy(this.#state, what, call), buffer);
  }

  /**
   * Describes the frame of which the WRITEFUNCTION has just received a piece; `null` outside of a
   * WRITEFUNCTION: {@link https://curl.se/libcurl/c/curl_ws_meta.html}.
   *
   * @throws {CurlLoadError} where this libcurl has no WebSocket.
   */
  wsMeta(): WsFrame | null {
    return currentFrame(this.#state);
  }

  /**
   * Begins a frame inside a READFUNCTION, whose bytes are the payload: {@link
   * https://curl.se/libcurl/c/curl_ws_start_frame.html}.
   *
   * @throws {CurlLoadError} before libcurl 8.16, and where libcurl has no WebSocket.
   */
  wsStartFrame(flags: number, frameLen: number | bigint): void {
    startFrame((what, call) => callAnywhere(this.#state, what, call), flags, frameLen);
  }

  /**
   * The headers of the response, in the order received: {@link
   * https://curl.se/libcurl/c/curl_easy_nextheader.html}.
   *
   * @throws {CurlLoadError} before libcurl 7.83.
   */
  headers(options: HeadersOptions = {}): Header[] {
    return readHeaders(this.#state, options);
  }

  /**
   * One header of the response by its name, whose letter case does not matter; `null` where there is
   * none: {@link https://curl.se/libcurl/c/curl_easy_header.html}.
   *
   * @throws {CurlEasyError} CURLE_BAD_FUNCTION_ARGUMENT for a bad name, index, origin or request.
   * @throws {CurlLoadError} before libcurl 7.83.
   *
   * @example
   * ```ts
   * import { Easy } from "curlew";
   *
   * using easy = new Easy();
   * easy.setOpts({ URL: "https://example.com/", NOBODY: 1 });
   * easy.perform();
   * const type = easy.header("content-type")?.value;
   * const second = easy.header("set-cookie", { index: 1 })?.value;
   * console.log(type, second);
   * ```
   */
  header(name: string | Uint8Array, options: HeaderOptions = {}): Header | null {
    return readHeader(this.#state, name, options);
  }

  /**
   * Frees the handle, after removing it from its multi. Does nothing the second time.
   *
   * @throws {CurlEasyError} CURLE_RECURSIVE_API_CALL inside a callback of the handle or of its
   * multi.
   */
  close(): void {
    const state = this.#state;
    if (state.resources.pointer === null) return;
    state.refuseInCallback("close the easy handle");
    state.pin();
    try {
      state.multi?.remove(state);
    } finally {
      // even where a callback has thrown
      if (state.multi === null) {
        unclosed.delete(this);
        state.resources.free();
        resetSettings(state);
      }
      state.unpin();
    }
    const error = state.takeError(Code.OK);
    if (error) throw error;
  }

  /** Closes the handle at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
