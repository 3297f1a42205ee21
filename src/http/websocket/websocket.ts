/**
 * A WebSocket with the interface of the standard: {@link https://websockets.spec.whatwg.org/}.
 *
 * @module
 */

import type { Agent } from "../../driver/agent.ts";
import { copyOf } from "../bytes.ts";
import { agentOf } from "../default_agent.ts";
import { type HeadersSource, readHeaders } from "../request/headers.ts";
import { readNumber, readSignal } from "../request/arguments.ts";
import { checkCurlOptions } from "../request/curl_options.ts";
import type { FetchCurlOptions } from "../request/plan.ts";
import { MAX_CONTROL, Opcode } from "./frames.ts";
import {
  checkHandshakeHeaders,
  readProtocols,
  readWebSocketUrl,
  requireLibrary,
  type WebSocketPlan,
} from "./handshake.ts";
import { type CloseResult, Connection, type ConnectionEvents } from "./connection.ts";

/** What {@linkcode CurlWebSocket} takes beyond the standard. */
export interface CurlWebSocketInit {
  /** Headers of the request, beside those of the handshake. */
  readonly headers?: HeadersSource;
  /** Any option of libcurl by curl's name, but for those that the socket sets itself. */
  readonly curl?: FetchCurlOptions;
  /** The agent to run on; that of `fetch` unless given. */
  readonly agent?: Agent;
  /** Ends the connection at once, whatever its state. */
  readonly signal?: AbortSignal;
  /** How long it may take until it is open, in ms; 0, the default, for any time. */
  readonly connectTimeout?: number;
  /** Bytes that a message may have; a larger one ends the connection. 128 MiB unless given. */
  readonly maxMessageSize?: number;
}

/** The events of a {@linkcode CurlWebSocket}. */
export interface CurlWebSocketEventMap {
  /** It is open. */
  open: Event;
  /** A message: a string, or what `binaryType` says. */
  message: MessageEvent;
  /** It failed; `close` comes next. */
  error: ErrorEvent;
  /** It is closed. */
  close: CloseEvent;
  /** The peer has sent a ping, which is answered. */
  ping: MessageEvent<ArrayBuffer>;
  /** The peer has sent a pong. */
  pong: MessageEvent<ArrayBuffer>;
}

type EventName = keyof CurlWebSocketEventMap;
// any, so that code for the standard's WebSocket takes this one
// deno-lint-ignore no-explicit-any -- see above
type Listener<E> = (this: any, event: E) => any;
type Handler<K extends EventName> = Listener<CurlWebSocketEventMap[K]> | null;

const CONNECTING = 0, OPEN = 1, CLOSING = 2, CLOSED = 3;
const MAX_MESSAGE = 128 * 1024 * 1024;
const MAKE = "make a CurlWebSocket";
const MAX_REASON = MAX_CONTROL - 2;

const encoder = new TextEncoder();

/**
 * The standard's `WebSocket` on libcurl: through any proxy, with client certificates and every
 * other option. Pings are answered; `ping()` and the events "ping" and "pong" are beyond the
 * standard. It needs libcurl 8.14 or newer, built with WebSocket.
 *
 * One that is not closed keeps the process alive, and is not collected: close it.
 *
 * @example
 * ```ts
 * import { CurlWebSocket, versionInfo } from "curlew";
 *
 * if (versionInfo().protocols.includes("wss")) {
 *   const socket = new CurlWebSocket("wss://example.com/chat", [], {
 *     connectTimeout: 5_000,
 *     curl: { PROXY: "socks5h://127.0.0.1:1080" },
 *   });
 *   socket.onopen = () => socket.send("hello");
 *   socket.onmessage = ({ data }) => {
 *     console.log(data);
 *     socket.close(1000, "done");
 *   };
 *   socket.onerror = ({ message }) => console.log(message);
 *   socket.onclose = ({ code, reason }) => console.log(code, reason);
 * }
 * ```
 */
export class CurlWebSocket extends EventTarget {
  /** 0: it is not open yet. */
  static readonly CONNECTING: 0 = 0;
  /** 1: it is open. */
  static readonly OPEN: 1 = 1;
  /** 2: the closing handshake has begun. */
  static readonly CLOSING: 2 = 2;
  /** 3: it is closed. */
  static readonly CLOSED: 3 = 3;
  /** 0: it is not open yet. */
  readonly CONNECTING: 0 = 0;
  /** 1: it is open. */
  readonly OPEN: 1 = 1;
  /** 2: the closing handshake has begun. */
  readonly CLOSING: 2 = 2;
  /** 3: it is closed. */
  readonly CLOSED: 3 = 3;

  readonly #url: URL;
  readonly #connection: Connection;
  readonly #handlers = new Map<EventName, { call: Handler<EventName> }>();
  #state: 0 | 1 | 2 | 3 = CONNECTING;
  #protocol = "";
  #binaryType: BinaryType = "blob";

  /**
   * Begins to connect. What goes wrong from then on is told by the events "error" and "close".
   *
   * @param url one of `ws:` or `wss:`; `http:` and `https:` stand for them.
   * @param protocols subprotocols, the best one first. The server has to choose one of them.
   * @throws {DOMException} "SyntaxError" for a URL or subprotocol that is none.
   * @throws {TypeError} for a header or option that would break the connection.
   * @throws {CurlEasyError} what libcurl says to an option.
   * @throws {CurlLoadError} where this libcurl cannot do it.
   */
  constructor(
    url: string | URL,
    protocols: string | Iterable<string> = [],
    init: CurlWebSocketInit = {},
  ) {
    super();
    this.#url = readWebSocketUrl(url);
    const plan: WebSocketPlan = {
      url: this.#url,
      protocols: readProtocols(protocols),
      headers: checkHandshakeHeaders(readHeaders(init.headers)),
      curl: checkCurlOptions(init.curl ?? {}, "CurlWebSocket"),
      connectTimeout: readNumber("connectTimeout", init.connectTimeout ?? 0, 0x7fffffff, MAKE),
      maxMessageSize: readNumber(
        "maxMessageSize",
        init.maxMessageSize ?? MAX_MESSAGE,
        Infinity,
        MAKE,
      ),
    };
    const signal = readSignal(init.signal ?? null, MAKE);
    requireLibrary();
    this.#connection = new Connection(plan, agentOf(init.agent), this.#events(), signal);
  }

  #events(): ConnectionEvents {
    return {
      opened: (protocol) => {
        if (this.#state !== CONNECTING) return;
        this.#state = OPEN;
        this.#protocol = protocol;
        this.dispatchEvent(new Event("open"));
      },
      message: (data) => this.#message("message", this.#shown(data)),
      ping: (data) => this.#message("ping", data),
      pong: (data) => this.#message("pong", data),
      closing: () => this.#state = CLOSING,
      closed: (ending) => this.#closed(ending),
    };
  }

  #shown(data: string | ArrayBuffer): string | ArrayBuffer | Blob {
    return typeof data === "string" || this.#binaryType === "arraybuffer" ? data : new Blob([data]);
  }

  #message(type: string, data: unknown): void {
    if (this.#state !== OPEN) return;
    this.dispatchEvent(new MessageEvent(type, { data, origin: this.#url.origin }));
  }

  #closed({ code, reason, wasClean, error }: CloseResult): void {
    this.#state = CLOSED;
    if (error !== null) {
      const message = error instanceof Error ? error.message : String(error);
      this.dispatchEvent(new ErrorEvent("error", { message, error }));
    }
    this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean }));
  }

  /** The URL, as it was read. */
  get url(): string {
    return this.#url.href;
  }

  /** {@linkcode CONNECTING}, {@linkcode OPEN}, {@linkcode CLOSING} or {@linkcode CLOSED}. */
  get readyState(): 0 | 1 | 2 | 3 {
    return this.#state;
  }

  /** The subprotocol that the server chose, empty for none. */
  get protocol(): string {
    return this.#protocol;
  }

  /** Always empty: there are no extensions. */
  get extensions(): string {
    return "";
  }

  /** Bytes of messages that `send` has taken and the network has not. */
  get bufferedAmount(): number {
    return this.#connection.buffered;
  }

  /** What a binary message is: `"blob"` or `"arraybuffer"`. */
  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(type: BinaryType) {
    if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
  }

  /**
   * Sends a message: text, or bytes, which are copied. What the network does not take at once
   * waits, and counts as {@linkcode bufferedAmount}.
   *
   * @throws {DOMException} "InvalidStateError" before it is open.
   */
  send(data: string | ArrayBuffer | ArrayBufferView | Blob): void {
    if (this.#state === CONNECTING) throw notOpen("send");
    if (data instanceof Blob) {
      if (this.#state !== OPEN) this.#connection.countUnsent(data.size);
      else this.#connection.send(Opcode.BINARY, data.size, data.arrayBuffer());
      return;
    }
    const copy = copyOf(data), bytes = copy ?? encoder.encode(String(data));
    if (this.#state !== OPEN) this.#connection.countUnsent(bytes.length);
    else this.#connection.send(copy ? Opcode.BINARY : Opcode.TEXT, bytes.length, bytes);
  }

  /**
   * Sends a ping, before the messages that wait. The peer answers it with a pong of the same
   * bytes.
   *
   * @throws {DOMException} "InvalidStateError" before it is open, "SyntaxError" for more than
   * 125 bytes.
   */
  ping(data: string | ArrayBuffer | ArrayBufferView = ""): void {
    if (this.#state === CONNECTING) throw notOpen("send a ping");
    const bytes = copyOf(data) ?? encoder.encode(String(data));
    if (bytes.length > MAX_CONTROL) {
      throw new DOMException(
        `Cannot send a ping of ${bytes.length} bytes: ${MAX_CONTROL} at most`,
        "SyntaxError",
      );
    }
    if (this.#state === OPEN) this.#connection.ping(bytes);
  }

  /**
   * Begins the closing handshake, after the messages that wait; before it is open, gives up.
   * Does nothing the second time.
   *
   * @param code 1000, or one from 3000 to 4999.
   * @param reason at most 123 bytes of UTF-8.
   * @throws {DOMException} "InvalidAccessError" for another code, "SyntaxError" for a longer
   * reason.
   */
  close(code?: number, reason?: string): void {
    const number = code === undefined ? undefined : toUint16(code);
    if (number !== undefined && number !== 1000 && (number < 3000 || number > 4999)) {
      throw new DOMException(
        `Cannot close with the code ${code}: expected 1000, or 3000 to 4999`,
        "InvalidAccessError",
      );
    }
    const bytes = encoder.encode(reason ?? "");
    if (bytes.length > MAX_REASON) {
      throw new DOMException(
        `Cannot close with a reason of ${bytes.length} bytes: ${MAX_REASON} at most`,
        "SyntaxError",
      );
    }
    if (this.#state >= CLOSING) return;
    this.#state = CLOSING;
    this.#connection.close(number ?? (bytes.length > 0 ? 1000 : null), bytes);
  }

  /** Closes it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Has `listener` called for an event. */
  override addEventListener<K extends EventName>(
    type: K,
    listener: Listener<CurlWebSocketEventMap[K]>,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** The same for an event of any name. */
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    // deno-lint-ignore no-explicit-any -- the overloads say what it takes
    listener: any,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options);
  }

  #handler<K extends EventName>(type: K): Handler<K> {
    return (this.#handlers.get(type)?.call ?? null) as Handler<K>;
  }

  /** As in the standard: a handler keeps the place of the first one. */
  #handle<K extends EventName>(type: K, handler: Handler<K>): void {
    const call = (typeof handler === "function" ? handler : null) as Handler<EventName>;
    const known = this.#handlers.get(type);
    if (known) known.call = call;
    else if (call) {
      const entry = { call };
      this.#handlers.set(type, entry);
      super.addEventListener(type, (event) => entry.call?.call(this, event as never));
    }
  }

  /** Called when it is open. */
  get onopen(): Handler<"open"> {
    return this.#handler("open");
  }
  set onopen(handler: Handler<"open">) {
    this.#handle("open", handler);
  }

  /** Called for each message. */
  get onmessage(): Handler<"message"> {
    return this.#handler("message");
  }
  set onmessage(handler: Handler<"message">) {
    this.#handle("message", handler);
  }

  /** Called when it failed. */
  // deno-lint-ignore no-explicit-any -- the standard's is a plain Event
  get onerror(): Listener<any> | null {
    return this.#handler("error");
  }
  set onerror(handler: Handler<"error">) {
    this.#handle("error", handler);
  }

  /** Called when it is closed. */
  get onclose(): Handler<"close"> {
    return this.#handler("close");
  }
  set onclose(handler: Handler<"close">) {
    this.#handle("close", handler);
  }

  /** Called for each ping of the peer. */
  get onping(): Handler<"ping"> {
    return this.#handler("ping");
  }
  set onping(handler: Handler<"ping">) {
    this.#handle("ping", handler);
  }

  /** Called for each pong of the peer. */
  get onpong(): Handler<"pong"> {
    return this.#handler("pong");
  }
  set onpong(handler: Handler<"pong">) {
    this.#handle("pong", handler);
  }
}

/** As WebIDL's [Clamp] unsigned short. */
function toUint16(code: number): number {
  return Math.min(Math.max(Math.round(Number(code)) || 0, 0), 0xffff);
}

function notOpen(call: string): DOMException {
  return new DOMException(`Cannot ${call}: the WebSocket is not open yet`, "InvalidStateError");
}
