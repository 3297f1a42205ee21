/**
 * `CurlWebSocket`: the `WebSocket` of {@link https://websockets.spec.whatwg.org/} on libcurl.
 *
 * @module
 */

import type { Agent } from "../../driver/agent.ts";
import { dictionary, member } from "../../members.ts";
import { isInstance, messageOf } from "../../untrusted.ts";
import { copyOf } from "../bytes.ts";
import { agentOf } from "../default_agent.ts";
import { type HeadersSource, readHeaders } from "../request/headers.ts";
import { readNumber, readSignal } from "../request/arguments.ts";
import type { CookieJar } from "../cookies/cookie_jar.ts";
import { readJar } from "../cookies/jars.ts";
import { readCurlOptions } from "../request/curl_options.ts";
import type { EasyOptions } from "../../handles/easy/easy.ts";
import type { WebSocketOwnOption } from "../request/curl_options.ts";
import { blobBytes, blobSize } from "../request_body/platform.ts";
import { MAX_CONTROL, Opcode } from "./frames.ts";
import {
  checkHandshakeHeaders,
  readProtocols,
  readWebSocketUrl,
  requireLibrary,
  type WebSocketPlan,
} from "./handshake.ts";
import { type CloseResult, Connection, type ConnectionEvents } from "./connection.ts";

/** Options of {@linkcode CurlWebSocket}, beyond the standard. */
export interface CurlWebSocketInit {
  /** Headers of the request; those of the handshake itself are refused. */
  readonly headers?: HeadersSource;
  /** Options of libcurl by curl's names; those that the class sets itself are refused. */
  readonly curl?: Omit<EasyOptions, WebSocketOwnOption>;
  /**
   * The jar whose cookies are sent, and which stores those of the response; none unless given.
   * `curl` must not have SHARE, COOKIEFILE, COOKIEJAR and COOKIELIST then.
   */
  readonly cookies?: CookieJar | null;
  /** The agent that runs the connection; the default agent unless given. */
  readonly agent?: Agent;
  /** Ends the connection at once, in any state. */
  readonly signal?: AbortSignal;
  /** The time limit for opening, in ms; 0, the default, is no limit. */
  readonly connectTimeout?: number;
  /** The maximum size of a message in bytes; a larger one ends the connection. Default: 128 MiB. */
  readonly maxMessageSize?: number;
}

/** The events of a {@linkcode CurlWebSocket}. */
export interface CurlWebSocketEventMap {
  /** The connection is open. */
  open: Event;
  /** A message has arrived: a string, or the type that `binaryType` names. */
  message: MessageEvent;
  /** The connection has failed; `close` follows. */
  error: ErrorEvent;
  /** The connection is closed. */
  close: CloseEvent;
  /** The peer has sent a ping, which is answered automatically. */
  ping: MessageEvent<ArrayBuffer>;
  /** The peer has sent a pong. */
  pong: MessageEvent<ArrayBuffer>;
}

type EventName = keyof CurlWebSocketEventMap;
// deno-lint-ignore no-explicit-any -- so that code for the standard's WebSocket accepts this one
type Listener<E> = (this: any, event: E) => any;
type Handler<K extends EventName> = Listener<CurlWebSocketEventMap[K]> | null;
// the DOM library has names for these, the types of a runtime need not
type BinaryKind = "blob" | "arraybuffer";
type AnyListener = ((event: Event) => void) | { handleEvent(event: Event): void };
const Target: new () => EventTarget = EventTarget;

const CONNECTING = 0, OPEN = 1, CLOSING = 2, CLOSED = 3;
const MAX_MESSAGE = 128 * 1024 * 1024;
const MAKE = "make a CurlWebSocket";
const MAX_REASON = MAX_CONTROL - 2;

const encoder = new TextEncoder();

/**
 * The standard's `WebSocket` on libcurl: with any proxy, client certificates and other options.
 * Beyond the standard are `ping()` and the events "ping" and "pong"; pings of the peer are
 * answered. It needs libcurl 8.14 or newer, built with WebSocket.
 *
 * An open socket keeps the process alive and is not garbage-collected: close it.
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
export class CurlWebSocket extends Target {
  /** 0: not open yet. */
  declare static readonly CONNECTING: 0;
  /** 1: open. */
  declare static readonly OPEN: 1;
  /** 2: the closing handshake has started. */
  declare static readonly CLOSING: 2;
  /** 3: closed. */
  declare static readonly CLOSED: 3;
  /** 0: not open yet. */
  declare readonly CONNECTING: 0;
  /** 1: open. */
  declare readonly OPEN: 1;
  /** 2: the closing handshake has started. */
  declare readonly CLOSING: 2;
  /** 3: closed. */
  declare readonly CLOSED: 3;

  static {
    followWebIdl(this, this.prototype);
  }

  readonly #url: URL;
  readonly #connection: Connection;
  readonly #handlers = new Map<EventName, { call: Handler<EventName> }>();
  #state: 0 | 1 | 2 | 3 = CONNECTING;
  #protocol = "";
  #binaryType: BinaryKind = "blob";

  /**
   * Starts to connect. Later failures are reported by the events "error" and "close".
   *
   * @param url a URL of `ws:` or `wss:`; `http:` and `https:` are converted to these.
   * @param protocols subprotocols in order of preference. The server must choose one of them.
   * @throws {DOMException} "SyntaxError" for an invalid URL, or a subprotocol that is invalid or
   * differs from another in its letter case only.
   * @throws {TypeError} for a header or option that the class sets itself.
   * @throws {CurlEasyError} for an option that libcurl refuses.
   * @throws {CurlLoadError} if this libcurl has no usable WebSocket.
   */
  constructor(
    url: string | URL,
    protocols: string | Iterable<string> = [],
    init: CurlWebSocketInit = {},
  ) {
    if (arguments.length === 0) throw new TypeError(`Cannot ${MAKE}: expected a URL`);
    super();
    const given = init ?? {};
    this.#url = readWebSocketUrl(url);
    const curl = readCurlOptions(member(given, "curl"), "CurlWebSocket");
    const plan: WebSocketPlan = {
      url: this.#url,
      protocols: readProtocols(protocols),
      headers: checkHandshakeHeaders(readHeaders(member(given, "headers"))),
      curl,
      jar: readJar(member(given, "cookies"), curl, MAKE),
      connectTimeout: readNumber(
        "connectTimeout",
        member(given, "connectTimeout") ?? 0,
        0x7fffffff,
        MAKE,
      ),
      maxMessageSize: readNumber(
        "maxMessageSize",
        member(given, "maxMessageSize") ?? MAX_MESSAGE,
        Infinity,
        MAKE,
      ),
    };
    const signal = readSignal(member(given, "signal") ?? null, MAKE);
    const agent = agentOf(member(given, "agent"));
    requireLibrary();
    this.#connection = new Connection(plan, agent, this.#events(), signal);
  }

  /** Events are dispatched by `super`, even where a subclass overrides `dispatchEvent`. */
  #events(): ConnectionEvents {
    return {
      opened: (protocol) => {
        if (this.#state !== CONNECTING) return;
        this.#state = OPEN;
        this.#protocol = protocol;
        super.dispatchEvent(new Event("open"));
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
    const members = dictionary({ data, origin: this.#url.origin });
    super.dispatchEvent(new MessageEvent(type, members));
  }

  #closed({ code, reason, wasClean, failure }: CloseResult): void {
    this.#state = CLOSED;
    if (failure) {
      const { error } = failure;
      const members = dictionary({ message: messageOf(error), error });
      super.dispatchEvent(new ErrorEvent("error", members));
    }
    super.dispatchEvent(new CloseEvent("close", dictionary({ code, reason, wasClean })));
  }

  /** The URL, as parsed. */
  get url(): string {
    return this.#url.href;
  }

  /** {@linkcode CONNECTING}, {@linkcode OPEN}, {@linkcode CLOSING} or {@linkcode CLOSED}. */
  get readyState(): 0 | 1 | 2 | 3 {
    return this.#state;
  }

  /** The subprotocol that the server has chosen, empty for none. */
  get protocol(): string {
    return this.#protocol;
  }

  /** Always empty: no extensions are supported. */
  get extensions(): string {
    return "";
  }

  /** Bytes of messages that were passed to `send` and not sent to the network yet. */
  get bufferedAmount(): number {
    return this.#connection.buffered;
  }

  /** The type of binary messages: `"blob"` or `"arraybuffer"`. */
  get binaryType(): BinaryKind {
    return this.#binaryType;
  }

  set binaryType(type: BinaryKind) {
    if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
  }

  /**
   * Sends a message: text, or bytes, which are copied. It is queued until the network takes it, and
   * counts in {@linkcode bufferedAmount} meanwhile.
   *
   * @throws {DOMException} "InvalidStateError" before the socket is open.
   * @throws {TypeError} without an argument; `undefined` is a text.
   */
  send(data: string | ArrayBuffer | ArrayBufferView | Blob): void {
    if (arguments.length === 0) throw new TypeError("Cannot send: expected a message");
    if (this.#state === CONNECTING) throw notOpen("send");
    if (isInstance(data, Blob)) {
      const size = blobSize(data);
      if (this.#state !== OPEN) this.#connection.countUnsent(size);
      else this.#connection.send(Opcode.BINARY, size, blobBytes(data));
      return;
    }
    const copy = copyOf(data, "Cannot send the data"), bytes = copy ?? encoder.encode(`${data}`);
    if (this.#state !== OPEN) this.#connection.countUnsent(bytes.length);
    else this.#connection.send(copy ? Opcode.BINARY : Opcode.TEXT, bytes.length, bytes);
  }

  /**
   * Sends a ping, before the queued messages. The peer answers with a pong of the same bytes.
   *
   * @throws {DOMException} "InvalidStateError" before the socket is open, "SyntaxError" for more
   * than 125 bytes.
   */
  ping(data: string | ArrayBuffer | ArrayBufferView = ""): void {
    if (this.#state === CONNECTING) throw notOpen("send a ping");
    const bytes = copyOf(data, "Cannot send the data") ?? encoder.encode(`${data}`);
    if (bytes.length > MAX_CONTROL) {
      throw new DOMException(
        `Cannot send a ping of ${bytes.length} bytes: ${MAX_CONTROL} at most`,
        "SyntaxError",
      );
    }
    if (this.#state === OPEN) this.#connection.ping(bytes);
  }

  /**
   * Starts the closing handshake, after the queued messages. Before the socket is open it stops
   * connecting. Further calls do nothing.
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

  /** Closes the socket at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Adds a listener for an event. */
  override addEventListener<K extends EventName>(
    type: K,
    listener: Listener<CurlWebSocketEventMap[K]>,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** Adds a listener for an event of any other name. */
  override addEventListener(
    type: string,
    listener: AnyListener | null,
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

  /** Sets a handler. As in the standard, it keeps its place among the listeners when replaced. */
  #handle<K extends EventName>(type: K, handler: Handler<K>): void {
    const call = (typeof handler === "function" ? handler : null) as Handler<EventName>;
    const known = this.#handlers.get(type);
    if (known) known.call = call;
    else if (call) {
      const entry = { call };
      this.#handlers.set(type, entry);
      super.addEventListener(type, (event) => {
        if (entry.call) Reflect.apply(entry.call, this, [event]);
      });
    }
  }

  /** Called when the connection is open. */
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

  /** Called when the connection has failed. */
  // deno-lint-ignore no-explicit-any -- the standard's event is a plain Event
  get onerror(): Listener<any> | null {
    return this.#handler("error");
  }
  set onerror(handler: Handler<"error">) {
    this.#handle("error", handler);
  }

  /** Called when the connection is closed. */
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

/**
 * Gives a class the shape of a WebIDL interface: {@link
 * https://webidl.spec.whatwg.org/#js-interfaces}. Its members are enumerable, its constants are on
 * the class and on its prototype, and both have the standard's name, which code for the standard's
 * class reads.
 */
function followWebIdl(constructor: object, prototype: object): void {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name !== "constructor") Object.defineProperty(prototype, name, { enumerable: true });
  }
  for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
    for (const target of [constructor, prototype]) {
      Object.defineProperty(target, name, { value, enumerable: true });
    }
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: "WebSocket", configurable: true });
}

/** Converts as WebIDL's `[Clamp] unsigned short` does. */
function toUint16(code: number): number {
  return Math.min(Math.max(Math.round(Number(code)) || 0, 0), 0xffff);
}

function notOpen(call: string): DOMException {
  return new DOMException(`Cannot ${call}: the WebSocket is not open yet`, "InvalidStateError");
}
