/**
 * `Easy` in node-libcurl's form: one transfer, with codes instead of exceptions.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { debuglog } from "node:util";
import { Easy as CoreEasy } from "../../handles/easy/easy.ts";
import type { WsFrame } from "../../handles/easy/websocket.ts";
import { CurlPause, type SocketState } from "../enums/callbacks.ts";
import { CurlCode } from "../enums/codes.ts";
import { CurlEasyError } from "../errors.ts";
import { addMimeHost } from "../mime/hosts.ts";
import type { CurlMime } from "../mime/mime.ts";
import { type CurlyMimePart, describeParts } from "../mime/describe.ts";
import type { Share } from "../share.ts";
import type { CurlInfoName, CurlOptionName, OptionValue } from "../types/options.ts";
import type { CurlWsFrame, GetInfoReturn } from "../types/values.ts";
import { installCallbacks } from "./callbacks.ts";
import { codeOf, textOf } from "./codes.ts";
import { readInfo } from "./infos.ts";
import { Inner, innerOf } from "./inner.ts";
import { setOption } from "./options.ts";
import { SocketMonitor } from "./socket_monitor.ts";

/** The value that an option of an easy handle takes; `null` unsets it. */
export type EasyOptionValue<N extends CurlOptionName> = OptionValue<N, Easy, Share, CurlMime>;

type SocketListener = (error: Error | null, events: SocketState) => void;

/** Wraps the handle of a pushed stream, which libcurl has copied from another. */
export let wrapPushed: (core: CoreEasy, parent: Easy) => Easy;

// the constructor's parameter is the user's handle: the core of a pushed one is passed here
let pushed: CoreEasy | null = null;

let ids = 0;
const debug = debuglog("node-libcurl");

/**
 * An easy handle, which runs one transfer. Methods return a `CurlCode`; they throw for a closed
 * handle and for arguments of a wrong type.
 *
 * @example
 * ```ts
 * import { CurlCode, Easy } from "curlew/node-libcurl";
 *
 * const easy = new Easy();
 * easy.setOpt("URL", "https://example.com/");
 * easy.setOpt("TIMEOUT", 10);
 * const code = easy.perform();
 * if (code === CurlCode.CURLE_OK) console.log(easy.getInfo("RESPONSE_CODE").data);
 * else console.log(Easy.strError(code));
 * easy.close();
 * ```
 */
export class Easy {
  /** The number of this handle in its thread. */
  readonly id: number = ids++;
  /** A place for the user's own data. */
  // deno-lint-ignore no-explicit-any -- node-libcurl's own type
  private: any = undefined;
  readonly #inner: Inner;
  #socketListener: SocketListener | null = null;
  #monitor: SocketMonitor | null = null;

  static {
    wrapPushed = (core, parent) => {
      pushed = core;
      return new Easy(parent);
    };
  }

  /**
   * Makes a handle, or a copy of one.
   *
   * @throws {CurlEasyError} for an argument that is not an open `Easy`.
   */
  constructor(easyToClone?: Easy) {
    const original = easyToClone === undefined ? null : innerOf(easyToClone);
    if (original === undefined || original?.core.closed) {
      throw badArgument("Cannot copy the handle: expected an open Easy");
    }
    const core = pushed ?? (original ? duplicate(original) : new CoreEasy());
    const inner = this.#inner = new Inner(this, core);
    if (original) {
      for (const [name, fn] of original.functions) inner.functions.set(name, fn);
      if (!pushed) inner.inheritMime(original.mime);
      this.#socketListener = (easyToClone as Easy).#socketListener;
    }
    pushed = null;
    installCallbacks(inner);
    addMimeHost(this);
  }

  /** libcurl's text for a code. */
  static strError(errorCode: CurlCode): string {
    if (typeof errorCode !== "number") {
      throw new TypeError("Cannot name the error: expected a CurlCode");
    }
    return textOf(errorCode);
  }

  /** Whether the handle is open. */
  get isOpen(): boolean {
    return !this.#inner.core.closed;
  }

  /** Whether the handle was added to a multi handle and not removed since. */
  get isInsideMultiHandle(): boolean {
    return this.#inner.host !== null;
  }

  /** Whether the function of `onSocketEvent` is called. */
  get isMonitoringSockets(): boolean {
    return this.#monitor !== null;
  }

  /** The `CurlPause` bits of the paused directions. */
  get pauseFlags(): CurlPause {
    return this.#inner.pauseFlags;
  }

  /** Whether receiving is paused. */
  get isPausedRecv(): boolean {
    return (this.#inner.pauseFlags & CurlPause.Recv) !== 0;
  }

  /** Whether sending is paused. */
  get isPausedSend(): boolean {
    return (this.#inner.pauseFlags & CurlPause.Send) !== 0;
  }

  /** Prints a line where `NODE_DEBUG` has `node-libcurl`. */
  debugLog(message: string): void {
    debug(`${this.id}: ${message}`);
  }

  /**
   * Sets an option: {@link https://curl.se/libcurl/c/curl_easy_setopt.html}. `null` unsets it; a
   * number is reset to its default.
   *
   * @returns `CURLE_UNKNOWN_OPTION` for an option that this libcurl does not have, else libcurl's
   * code.
   * @throws {TypeError} for a value of the wrong type.
   * @throws {CurlEasyError} for an option that node-libcurl does not offer.
   */
  setOpt<N extends CurlOptionName>(option: N, value: EasyOptionValue<N>): CurlCode {
    this.#open();
    return setOption(this.#inner, option, value);
  }

  /**
   * Reads an info: {@link https://curl.se/libcurl/c/curl_easy_getinfo.html}. A string that is not
   * set is empty.
   *
   * @throws {CurlEasyError} for an info that node-libcurl does not offer.
   */
  getInfo(info: "CERTINFO"): GetInfoReturn<string[]>;
  /** Reads any other info. */
  getInfo(info: Exclude<CurlInfoName, "CERTINFO">): GetInfoReturn;
  getInfo(info: CurlInfoName): GetInfoReturn<unknown> {
    this.#open();
    return readInfo(this.#inner, info);
  }

  /**
   * Runs the transfer and returns when it is over: {@link
   * https://curl.se/libcurl/c/curl_easy_perform.html}. The call blocks the thread.
   *
   * @returns the code of the transfer.
   * @throws the exception of a callback, and `TypeError` for a wrong result of a callback.
   */
  perform(): CurlCode {
    this.#open(TypeError);
    const inner = this.#inner;
    return codeOf(inner, () => {
      inner.begin();
      inner.core.perform();
    });
  }

  /**
   * Runs the upkeep of idle connections: {@link https://curl.se/libcurl/c/curl_easy_upkeep.html}.
   */
  upkeep(): CurlCode {
    this.#open(TypeError);
    return codeOf(this.#inner, () => this.#inner.core.upkeep());
  }

  /**
   * Pauses and resumes: {@link https://curl.se/libcurl/c/curl_easy_pause.html}. The bits say which
   * directions are paused from now on.
   */
  pause(bitmask: CurlPause): CurlCode {
    this.#open(TypeError);
    if (typeof bitmask !== "number") throw new TypeError("Cannot pause: expected CurlPause bits");
    return this.#pause(bitmask);
  }

  #pause(bitmask: CurlPause): CurlCode {
    const inner = this.#inner;
    inner.pauseFlags = bitmask; // before the call, since resuming may pause again
    return codeOf(inner, () => inner.core.pause(bitmask | 0));
  }

  /** Resets all options; connections and cookies are kept. */
  reset(): CurlCode {
    this.#open();
    const inner = this.#inner, code = codeOf(inner, () => inner.core.reset());
    if (code !== CurlCode.CURLE_OK) return code;
    inner.forget();
    return codeOf(inner, () => installCallbacks(inner));
  }

  /** Makes a new handle with the same options, except SHARE. */
  dupHandle(): Easy {
    this.#open(TypeError);
    return new Easy(this);
  }

  /**
   * Sends bytes on the connection of a CONNECT_ONLY transfer: {@link
   * https://curl.se/libcurl/c/curl_easy_send.html}.
   */
  send(data: Buffer): { code: CurlCode; bytesSent: number } {
    const bytes = this.#bytes(data);
    let bytesSent = 0;
    const code = codeOf(this.#inner, () => {
      bytesSent = this.#inner.core.send(bytes);
    });
    return { code, bytesSent };
  }

  /**
   * Receives bytes on the connection of a CONNECT_ONLY transfer: {@link
   * https://curl.se/libcurl/c/curl_easy_recv.html}. No bytes and `CURLE_OK` mean the end.
   */
  recv(storage: Buffer): { code: CurlCode; bytesReceived: number } {
    const bytes = this.#bytes(storage);
    let bytesReceived = 0;
    const code = codeOf(this.#inner, () => {
      bytesReceived = this.#inner.core.recv(bytes);
    });
    return { code, bytesReceived };
  }

  /** Receives a piece of a WebSocket frame: {@link https://curl.se/libcurl/c/curl_ws_recv.html}. */
  wsRecv(
    buffer: Buffer,
  ): { code: CurlCode; bytesReceived: number; meta: CurlWsFrame | null } {
    const bytes = this.#bytes(buffer);
    let frame: WsFrame | null = null;
    const code = codeOf(this.#inner, () => {
      frame = this.#inner.core.wsRecv(bytes);
    });
    const meta = toFrame(frame);
    return { code, bytesReceived: meta?.len ?? 0, meta };
  }

  /** Sends a piece of a WebSocket frame: {@link https://curl.se/libcurl/c/curl_ws_send.html}. */
  wsSend(buffer: Buffer, flags: number, fragsize = 0): { code: CurlCode; bytesSent: number } {
    const bytes = this.#bytes(buffer);
    if (typeof flags !== "number") throw badArgument("Cannot send: expected CurlWs bits");
    let bytesSent = 0;
    const code = codeOf(this.#inner, () => {
      bytesSent = this.#inner.core.wsSend(bytes, flags, fragsize);
    });
    return { code, bytesSent };
  }

  /**
   * The WebSocket frame of which a WRITEFUNCTION has received a piece, `null` outside a
   * WRITEFUNCTION: {@link https://curl.se/libcurl/c/curl_ws_meta.html}.
   */
  wsMeta(): CurlWsFrame | null {
    this.#open();
    let frame: WsFrame | null = null;
    codeOf(this.#inner, () => {
      frame = this.#inner.core.wsMeta();
    });
    return toFrame(frame);
  }

  /**
   * Begins a WebSocket frame in a READFUNCTION: {@link
   * https://curl.se/libcurl/c/curl_ws_start_frame.html}.
   */
  wsStartFrame(flags: number, frameLength: number): CurlCode {
    this.#open();
    if (typeof flags !== "number" || typeof frameLength !== "number") {
      throw badArgument("Cannot start a frame: expected CurlWs bits and a length");
    }
    return codeOf(this.#inner, () => this.#inner.core.wsStartFrame(flags, frameLength));
  }

  /**
   * Sets the function for socket events, which {@linkcode monitorSocketEvents} enables; `null` for
   * none.
   */
  onSocketEvent(cb: SocketListener | null): this {
    if (cb !== null && typeof cb !== "function") {
      throw new TypeError("Cannot listen to the socket: expected a function or null");
    }
    this.#socketListener = cb;
    return this;
  }

  /**
   * Calls the function of `onSocketEvent` whenever the connection's socket is readable or writable.
   *
   * @throws {CurlEasyError} where there is no connection, or its socket is monitored already.
   */
  monitorSocketEvents(): this {
    this.#open();
    if (this.#monitor) throw badArgument("Cannot watch the socket: it is watched already");
    const { code, data } = readInfo(this.#inner, "ACTIVESOCKET");
    if (code !== CurlCode.CURLE_OK || (data as number) < 0) {
      throw badArgument("Cannot watch the socket: there is no connection");
    }
    this.#monitor = new SocketMonitor(
      data as number,
      (events) => this.#socketListener?.call(this, null, events),
    );
    return this;
  }

  /** Ends {@linkcode monitorSocketEvents}. */
  unmonitorSocketEvents(): this {
    this.#monitor?.end();
    this.#monitor = null;
    return this;
  }

  /** Sets MIMEPOST from a description of the parts. */
  setMimePost(parts: CurlyMimePart[]): this {
    this.#open();
    const inner = this.#inner,
      goOn = () => {
        if (!inner.core.closed) this.#pause(inner.pauseFlags & ~CurlPause.Send);
      };
    const code = setOption(inner, "MIMEPOST", describeParts(this, parts, goOn));
    if (code === CurlCode.CURLE_OK) return this;
    const { detail } = inner;
    throw new CurlEasyError(`Cannot set the parts: ${textOf(code)}`, code, { detail });
  }

  /**
   * Frees the handle.
   *
   * @throws {CurlEasyError} where it is closed already, or inside a multi handle.
   */
  close(): void {
    const inner = this.#inner;
    if (!this.isOpen) throw badArgument("Cannot close the handle: it is closed already");
    if (this.isInsideMultiHandle) {
      throw badArgument("Cannot close the handle: remove it from its Multi first");
    }
    this.unmonitorSocketEvents();
    let code: CurlCode;
    try {
      code = codeOf(inner, () => inner.core.close());
    } finally {
      if (inner.core.closed) inner.forget(); // also where a callback threw meanwhile
    }
    if (code === CurlCode.CURLE_OK) return;
    const { detail } = inner;
    throw new CurlEasyError(`Cannot close the handle: ${textOf(code)}`, code, { detail });
  }

  /** Throws where the handle is closed. */
  #open(kind?: typeof TypeError): void {
    if (this.isOpen) return;
    if (kind) throw new kind("Cannot use the handle: it is closed");
    throw badArgument("Cannot use the handle: it is closed");
  }

  #bytes(data: unknown): Uint8Array<ArrayBuffer> {
    this.#open();
    if (ArrayBuffer.isView(data)) return data as Uint8Array<ArrayBuffer>;
    throw badArgument("Cannot send or receive: expected a Buffer");
  }
}

function duplicate(original: Inner): CoreEasy {
  let copy: CoreEasy | undefined;
  const code = codeOf(original, () => {
    copy = original.core.duplicate();
  });
  if (copy) return copy;
  const { detail } = original;
  throw new CurlEasyError(`Cannot copy the handle: ${textOf(code)}`, code, { detail });
}

function badArgument(message: string): CurlEasyError {
  return new CurlEasyError(message, CurlCode.CURLE_BAD_FUNCTION_ARGUMENT);
}

function toFrame(frame: WsFrame | null): CurlWsFrame | null {
  return frame && { age: 0, ...frame };
}
