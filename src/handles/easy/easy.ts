/**
 * The easy handle: one transfer.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { library, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { CollectedHandles } from "../base/collected_handles.ts";
import { bytes } from "../base/arguments.ts";
import type { FileInfo, HostKey, HstsEntry, SocketAddress } from "../callbacks/structs.ts";
import { EasyResources, EasyState } from "../core/easy_state.ts";
import { registerHandle } from "../core/handle_registry.ts";
import { lendReaders } from "../mime/copy.ts";
import type { HttpPostPart } from "../mime/httppost.ts";
import type { Mime } from "../mime/mime.ts";
import type { Share } from "../share.ts";
import type { CurlUrl } from "../url.ts";
import {
  callAnywhere,
  callEasy,
  forgetOptions,
  pauseTransfer,
  performTransfer,
  refuseHstsFile,
  refuseInTree,
  resetOptions,
  transport,
} from "./calls.ts";
import { setBirthOptions, setErrorBuffer } from "./defaults.ts";
import { adoptFunctions } from "./functions.ts";
import { type Header, type HeadersOptions, readHeaders } from "./headers.ts";
import { getInfo, type InfoName, type InfoValue } from "./infos.ts";
import { setOption } from "./options.ts";
import { currentFrame, receiveFrame, sendFrame, startFrame, type WsFrame } from "./websocket.ts";

/** The JS value of each option kind; functions and objects have a type for each option. */
export interface ValueOfKind {
  long: number | boolean;
  values: number | boolean;
  off_t: number | bigint | boolean;
  string: string;
  slist: readonly (string | Uint8Array)[];
  blob: Uint8Array | ArrayBuffer;
  cbptr: unknown;
  object: never;
  function: never;
}

/** The options whose value is an object. */
interface ObjectOptions {
  POSTFIELDS: string | Uint8Array | ArrayBuffer;
  COPYPOSTFIELDS: string | Uint8Array | ArrayBuffer;
  PRIVATE: unknown;
  /** The path of a file that the trace is appended to. */
  STDERR: string;
  SHARE: Share;
  CURLU: CurlUrl;
  MIMEPOST: Mime;
  HTTPPOST: readonly HttpPostPart[];
  STREAM_DEPENDS: Easy;
  STREAM_DEPENDS_E: Easy;
}

type OptionTable = typeof easyOptions;

/** The name of an easy option: curl's own, without `CURLOPT_`. */
export type EasyOptionName = keyof OptionTable;

/** The value that an easy option takes; `null` unsets it. */
export type EasyOptionValue<N extends EasyOptionName> =
  | (N extends keyof EasyCallbacks ? EasyCallbacks[N]
    : N extends keyof ObjectOptions ? ObjectOptions[N]
    : ValueOfKind[OptionTable[N]["kind"]])
  | null;

/** Easy options by curl's name, without `CURLOPT_`. */
export type EasyOptions = { readonly [N in EasyOptionName]?: EasyOptionValue<N> };

type Progress = (
  data: unknown,
  dltotal: number,
  dlnow: number,
  ultotal: number,
  ulnow: number,
) => number | void;

/** Every callback option of an easy handle. */
export interface EasyCallbacks {
  /**
   * Takes a piece of the body and returns how many bytes it took: all of them, or it fails the
   * transfer. `CURL_WRITEFUNC_PAUSE` pauses.
   */
  WRITEFUNCTION: (bytes: Uint8Array<ArrayBuffer>, data: unknown) => number;
  /** Fills the buffer and returns how many bytes it wrote; 0 ends the upload. */
  READFUNCTION: (buffer: Uint8Array<ArrayBuffer>, data: unknown) => number;
  /** Takes one header line, as WRITEFUNCTION takes the body. */
  HEADERFUNCTION: (line: Uint8Array<ArrayBuffer>, data: unknown) => number;
  /** Takes RTP data, as WRITEFUNCTION takes the body. */
  INTERLEAVEFUNCTION: (bytes: Uint8Array<ArrayBuffer>, data: unknown) => number;
  /** Moves in the upload's source; `origin` is `SEEK_SET` (0), `SEEK_CUR` or `SEEK_END`. */
  SEEKFUNCTION: (data: unknown, offset: number, origin: number) => number | void;
  /** The old way to rewind. */
  IOCTLFUNCTION: (easy: Easy, cmd: number, data: unknown) => number | void;
  /** Told how far the transfer is, in bytes; a result other than 0 aborts it. */
  XFERINFOFUNCTION: Progress;
  /** The old form of XFERINFOFUNCTION. */
  PROGRESSFUNCTION: Progress;
  /** Told what happens: `type` is a `CURLINFO_*` of the debug kind. */
  DEBUGFUNCTION: (
    easy: Easy,
    type: number,
    bytes: Uint8Array<ArrayBuffer>,
    data: unknown,
  ) => number | void;
  /** May change the TLS backend's context (`SSL_CTX *` with OpenSSL). */
  SSL_CTX_FUNCTION: (easy: Easy, sslctx: Pointer, data: unknown) => number | void;
  /** May change a new socket's options; `purpose` is a `CURLSOCKTYPE_*`. */
  SOCKOPTFUNCTION: (data: unknown, fd: number, purpose: number) => number | void;
  /** Opens a socket and returns its descriptor, -1 for none; `undefined` leaves it to curlew. */
  OPENSOCKETFUNCTION: (data: unknown, purpose: number, address: SocketAddress) => number | void;
  /**
   * Closes a socket; `undefined` leaves the closing to curlew. May be called after `close()`, by
   * whatever has a cache let go of the connection: what it fails with then goes to `reportError`.
   */
  CLOSESOCKETFUNCTION: (data: unknown, fd: number) => number | void;
  /** Accepts or refuses a host key: returns a `CURLKHSTAT_*`. */
  SSH_KEYFUNCTION: (
    easy: Easy,
    known: HostKey | null,
    found: HostKey | null,
    match: number,
    data: unknown,
  ) => number | void;
  /** Accepts (`CURLKHMATCH_OK`) or refuses a host key. */
  SSH_HOSTKEYFUNCTION: (
    data: unknown,
    keytype: number,
    key: Uint8Array<ArrayBuffer>,
  ) => number | void;
  /** Before a file of an FTP wildcard transfer: returns a `CURL_CHUNK_BGN_FUNC_*`. */
  CHUNK_BGN_FUNCTION: (info: FileInfo, data: unknown, remains: number) => number | void;
  /** After it. */
  CHUNK_END_FUNCTION: (data: unknown) => number | void;
  /** Matches a file name: returns a `CURL_FNMATCHFUNC_*`. */
  FNMATCH_FUNCTION: (data: unknown, pattern: string, name: string) => number | void;
  /** Before a name is resolved; a result other than 0 aborts. */
  RESOLVER_START_FUNCTION: (
    resolverState: Pointer,
    reserved: Pointer,
    data: unknown,
  ) => number | void;
  /** Connected, before the request: returns `CURL_PREREQFUNC_OK` or `_ABORT`. */
  PREREQFUNCTION: (
    data: unknown,
    primaryIp: string,
    localIp: string,
    primaryPort: number,
    localPort: number,
  ) => number | void;
  /** Adds trailers to a chunked upload: push lines to the list. */
  TRAILERFUNCTION: (lines: string[], data: unknown) => number | void;
  /** Fills one entry of the HSTS cache; returns `CURLSTS_OK`, `_DONE` or `_FAIL`. */
  HSTSREADFUNCTION: (easy: Easy, entry: HstsEntry, data: unknown) => number | void;
  /** Is given one entry to keep. */
  HSTSWRITEFUNCTION: (
    easy: Easy,
    entry: HstsEntry,
    index: { readonly index: number; readonly total: number },
    data: unknown,
  ) => number | void;
}

const unclosed = new CollectedHandles<EasyResources>("an Easy", (resources) => {
  if (resources.pointer === null) return undefined;
  resources.free();
  return true;
});

/** The inside of an easy handle, for the other classes of this room. */
export let stateOf: (easy: Easy) => EasyState;
/** The public object of a state, as long as anyone can ask for it. */
export const easyOf = (state: EasyState): Easy | null => state.easy as Easy | null;
/** Whether a value is one. */
export let isEasy: (value: unknown) => value is Easy;
/** Wraps a `CURL *` that libcurl copied from the parent's. */
export let adopt: (pointer: NonNullPointer, parent: EasyState) => Easy;
/** Closes the JS side of a handle that libcurl frees itself. */
export let closeJsSide: (easy: Easy) => void;

// the constructor takes no argument: a copy comes in by this way
let adopted: NonNullPointer | null = null;

/**
 * One transfer: {@link https://curl.se/libcurl/c/libcurl-easy.html}.
 *
 * Options have curl's names without `CURLOPT_`, infos without `CURLINFO_`. Every handle is born
 * with NOSIGNAL and QUICK_EXIT set, and a BUFFERSIZE of 64 KiB, or libcurl's 16 KiB where
 * MAX_RECV_SPEED_LARGE limits it. For large bodies from a READFUNCTION an UPLOAD_BUFFERSIZE of
 * 256 KiB takes a fifth less time.
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
      forgetOptions(state);
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
    else setBirthOptions(this.#state);
    unclosed.add(this, resources);
  }

  #inherit(parent: EasyState): void {
    const state = this.#state;
    state.settings = parent.settings.copy();
    for (const [option, owned] of parent.resources.owned) {
      // libcurl copies that one
      if (option !== easyOptions.MIMEPOST.id) state.resources.owned.set(option, owned.retain());
    }
    adoptFunctions(state, parent);
  }

  /** Whether the handle is closed. */
  get closed(): boolean {
    return this.#state.resources.pointer === null;
  }

  /**
   * Sets an option: {@link https://curl.se/libcurl/c/curl_easy_setopt.html}.
   *
   * `null` unsets a string, list, blob, object or function, and restores the documented default
   * of a number. A number as the option is its `CURLOPT_*` value.
   *
   * @throws {CurlEasyError} CURLE_UNKNOWN_OPTION for an unknown option,
   * CURLE_BAD_FUNCTION_ARGUMENT for a value of the wrong type, out of range or with a NUL, and
   * what libcurl itself says.
   */
  setOpt<N extends EasyOptionName>(option: N, value: EasyOptionValue<N>): void;
  /** The same by number: a `CURLOPT_*`. */
  setOpt(option: number, value: unknown): void;
  setOpt(option: string | number, value: unknown): void {
    setOption(this.#state, option, value);
  }

  /** Sets several options, in the order of the object; see {@linkcode Easy.setOpt}. */
  setOpts(options: EasyOptions): void {
    // its own only: what is on Object.prototype would be set on every handle of the process
    for (const option of Object.keys(options ?? {})) {
      setOption(this.#state, option, options[option as EasyOptionName]);
    }
  }

  /**
   * Reads an info: {@link https://curl.se/libcurl/c/curl_easy_getinfo.html}. Times are seconds
   * for a double and microseconds for an `_T`, sizes bytes; an absent string is `null`, an
   * absent ACTIVESOCKET -1.
   *
   * @throws {CurlEasyError} CURLE_UNKNOWN_OPTION for an unknown info.
   */
  getInfo<N extends InfoName>(info: N): InfoValue<N>;
  /** The same by number: a `CURLINFO_*`. */
  getInfo(info: number): unknown;
  getInfo(info: string | number): unknown {
    return getInfo(this.#state, info);
  }

  /**
   * Runs the transfer and returns when it is over: {@link
   * https://curl.se/libcurl/c/curl_easy_perform.html}. It blocks the thread; an `Agent` does not.
   *
   * @throws {CurlEasyError} what the transfer failed with; its `cause` is what a callback threw.
   */
  perform(): void {
    performTransfer(this.#state);
  }

  /**
   * Pauses and unpauses: {@link https://curl.se/libcurl/c/curl_easy_pause.html}. `flags` is
   * made of `CURLPAUSE_*`, and says what is paused from now on; libcurl 8.7 to 8.14 may still
   * hand over what it has in its buffer. Unpausing may call callbacks before it returns.
   *
   * @throws {CurlEasyError} CURLE_ABORTED_BY_CALLBACK where a callback of its multi failed then.
   */
  pause(flags: number): void {
    pauseTransfer(this.#state, flags);
  }

  /**
   * Sets all options back, but keeps connections, cookies and sessions: {@link
   * https://curl.se/libcurl/c/curl_easy_reset.html}.
   */
  reset(): void {
    resetOptions(this.#state);
  }

  /**
   * A new handle with the same options, but for SHARE: {@link
   * https://curl.se/libcurl/c/curl_easy_duphandle.html}.
   *
   * @throws {CurlEasyError} CURLE_BAD_FUNCTION_ARGUMENT where HSTS is set, with libcurl 7.88 to 8.4:
   * they would free its files twice.
   */
  duplicate(): Easy {
    const state = this.#state, { pointer } = state;
    refuseInTree(state, "duplicate");
    refuseHstsFile(state);
    const giveReaders = lendReaders(state);
    const copy = library().symbols.curl_easy_duphandle(pointer);
    const easy = copy && adopt(copy, state);
    giveReaders(easy && stateOf(easy));
    if (easy) return easy;
    throw new CurlEasyError(Code.OUT_OF_MEMORY, "Cannot duplicate the handle");
  }

  /** Lets idle connections do their upkeep: {@link https://curl.se/libcurl/c/curl_easy_upkeep.html}. */
  upkeep(): void {
    callEasy(this.#state, "do upkeep", library().symbols.curl_easy_upkeep);
  }

  /**
   * Sends bytes on the connection of a CONNECT_ONLY transfer and returns how many were taken:
   * {@link https://curl.se/libcurl/c/curl_easy_send.html}.
   *
   * @throws {CurlEasyError} CURLE_AGAIN where nothing can be sent now.
   */
  send(data: Uint8Array<ArrayBuffer>): number {
    const { curl_easy_send } = library().symbols;
    return transport(this.#state, "send", bytes("what to send", data), curl_easy_send);
  }

  /**
   * Receives into the buffer and returns how many bytes came, 0 at the end of the stream:
   * {@link https://curl.se/libcurl/c/curl_easy_recv.html}.
   *
   * @throws {CurlEasyError} CURLE_AGAIN where nothing is there now.
   */
  recv(buffer: Uint8Array<ArrayBuffer>): number {
    const { curl_easy_recv } = library().symbols;
    return transport(this.#state, "receive", bytes("the buffer", buffer), curl_easy_recv);
  }

  /**
   * Sends a WebSocket frame, or the next piece of one: {@link
   * https://curl.se/libcurl/c/curl_ws_send.html}. The handle has run with a CONNECT_ONLY of 2, or
   * this is one of its callbacks, where it blocks until all is sent.
   *
   * @param flags `CURLWS_*` bits; none in `CURLWS_RAW_MODE`.
   * @param fragsize with `CURLWS_OFFSET`, the size of the whole frame.
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
   * https://curl.se/libcurl/c/curl_ws_recv.html}. The handle has run with a CONNECT_ONLY of 2.
   *
   * @throws {CurlEasyError} CURLE_AGAIN where nothing is there now, CURLE_GOT_NOTHING where the
   * connection is closed.
   * @throws {CurlLoadError} where this libcurl has no WebSocket.
   */
  wsRecv(buffer: Uint8Array<ArrayBuffer>): WsFrame {
    return receiveFrame((what, call) => callEasy(this.#state, what, call), buffer);
  }

  /**
   * What kind of frame the WRITEFUNCTION has just got a piece of, `null` outside of it: {@link
   * https://curl.se/libcurl/c/curl_ws_meta.html}.
   *
   * @throws {CurlLoadError} where this libcurl has no WebSocket.
   */
  wsMeta(): WsFrame | null {
    return currentFrame(this.#state);
  }

  /**
   * In a READFUNCTION, begins a frame that what it returns is the payload of: {@link
   * https://curl.se/libcurl/c/curl_ws_start_frame.html}.
   *
   * @throws {CurlLoadError} before libcurl 8.16, and where it has no WebSocket.
   */
  wsStartFrame(flags: number, frameLen: number | bigint): void {
    startFrame((what, call) => callAnywhere(this.#state, what, call), flags, frameLen);
  }

  /**
   * The headers of the response, in the order of the wire: {@link
   * https://curl.se/libcurl/c/curl_easy_nextheader.html}.
   *
   * @throws {CurlLoadError} before libcurl 7.83.
   */
  headers(options: HeadersOptions = {}): Header[] {
    return readHeaders(this.#state, options);
  }

  /**
   * Frees the handle; one that is added to a multi is removed first. Does nothing the second
   * time.
   *
   * @throws {CurlEasyError} CURLE_RECURSIVE_API_CALL inside a callback of it or of its multi.
   */
  close(): void {
    const state = this.#state;
    if (state.resources.pointer === null) return;
    state.refuseInCallback("close the easy handle");
    state.pin();
    try {
      state.multi?.remove(state);
    } finally {
      // also where a callback threw meanwhile
      if (state.multi === null) {
        unclosed.delete(this);
        state.resources.free();
        forgetOptions(state);
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
