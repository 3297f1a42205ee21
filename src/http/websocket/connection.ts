/**
 * The connection of a WebSocket: runs the handshake, turns incoming frames into events, sends the
 * outbox whenever the socket is writable, and ends with the closing handshake or without it.
 *
 * @module
 */

import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { flags } from "../../../ffi/curl/flags.ts";
import { type Agent, performOn, waitReadable, waitWritable } from "../../driver/agent.ts";
import { Code, easyCodeOf, isEasyError } from "../../errors.ts";
import { Easy } from "../../handles/easy/easy.ts";
import type { WsFrame } from "../../handles/easy/websocket.ts";
import { isAborted, onAbort, reasonOf } from "../../signals.ts";
import { isInstance, messageOf } from "../../untrusted.ts";
import { publicCause } from "../errors.ts";
import { closePayload, type CloseStatus, readClose } from "./frames.ts";
import { checkResponse, configureHandshake, type WebSocketPlan } from "./handshake.ts";
import { InvalidText, MessageAssembler, MessageTooBig } from "./message.ts";
import { Outbox } from "./outbox.ts";

/** How the connection ended. */
export interface CloseResult extends CloseStatus {
  readonly wasClean: boolean;
  /** The reason of the failure, `null` if the peer has closed the connection. */
  readonly failure: { readonly error: unknown } | null;
}

/** Receives the events of a connection. None is called inside a libcurl callback. */
export interface ConnectionEvents {
  opened(protocol: string): void;
  message(data: string | ArrayBuffer): void;
  ping(data: ArrayBuffer): void;
  pong(data: ArrayBuffer): void;
  /** The peer has started the closing handshake. */
  closing(): void;
  closed(ending: CloseResult): void;
}

/** The time limit for the peer to answer the closing handshake. */
const CLOSE_MS = 3000;
/** The time limit for the peer to end the TCP connection after that. */
const LINGER_MS = 1000;
/** The number of bytes after which control returns to the event loop. */
const MAX_BYTES_PER_TURN = 1024 * 1024;

const DATA_FLAGS = flags.CURLWS_TEXT | flags.CURLWS_BINARY;
const OPCODE_FLAGS = DATA_FLAGS | flags.CURLWS_CLOSE | flags.CURLWS_PING | flags.CURLWS_PONG;

/** The receive buffer of all connections of a thread: its content is copied at once. */
const incoming = new Uint8Array(64 * 1024);

/** Close codes for protocol errors of the peer. */
const PROTOCOL_ERROR = 1002, INVALID_DATA = 1007, TOO_BIG = 1009;

/** One connection, from the handshake to its end. */
export class Connection {
  readonly #easy = new Easy();
  readonly #agent: Agent;
  readonly #plan: WebSocketPlan;
  readonly #events: ConnectionEvents;
  readonly #outbox = new Outbox();
  readonly #assembler: MessageAssembler;
  /** What is left of a block that was sent in part. */
  #unsentBlock: Uint8Array<ArrayBuffer> | null = null;
  #control: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #isOpen = false;
  #isEnded = false;
  #isFlushing = false;
  #isBlocked = false;
  /** The peer's Close frame, once received. */
  #peerClose: CloseStatus | null = null;
  #failure: { readonly error: unknown } | null = null;
  /**
   * The reason why sending failed. Reading continues, since the peer's last frames may have the
   * cause.
   */
  #sendFailure: { readonly error: unknown } | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Whether there was an event since control returned to the event loop, and the bytes read. */
  #hadEvent = false;
  #bytesSinceYield = 0;
  #unlisten = () => {};

  /** Starts to connect. Throws `CurlEasyError` for options that libcurl refuses. */
  constructor(
    plan: WebSocketPlan,
    agent: Agent,
    events: ConnectionEvents,
    signal: AbortSignal | null,
  ) {
    this.#plan = plan;
    this.#agent = agent;
    this.#events = events;
    this.#assembler = new MessageAssembler(plan.maxMessageSize);
    let key: string;
    try {
      key = configureHandshake(this.#easy, plan);
    } catch (error) {
      this.#easy.close();
      throw error;
    }
    if (signal) this.#listenTo(signal);
    this.#run(key);
  }

  #listenTo(signal: AbortSignal): void {
    const abort = () => this.#fail(reasonOf(signal));
    if (isAborted(signal)) return abort();
    this.#unlisten = onAbort(signal, abort);
  }

  /** The value of `bufferedAmount`. */
  get buffered(): number {
    return this.#outbox.buffered;
  }

  async #run(key: string): Promise<void> {
    try {
      if (this.#isEnded) return;
      await performOn(this.#agent, this.#easy, null);
      if (this.#isEnded) return;
      const protocol = await checkResponse(this.#easy, this.#plan, key);
      if (this.#isEnded) return;
      this.#isOpen = true;
      this.#events.opened(protocol);
      this.#hadEvent = true;
      while (!this.#isEnded) await this.#readOrWait();
    } catch (error) {
      this.#onError(error);
    }
  }

  /** Reads one piece, or waits until the socket is readable. */
  async #readOrWait(): Promise<void> {
    const frame = this.#receive();
    if (frame) {
      this.#bytesSinceYield += frame.len;
      await this.#handleFrame(frame, incoming.subarray(0, frame.len));
      if (this.#bytesSinceYield >= MAX_BYTES_PER_TURN) await this.#yieldToEventLoop();
    } else {
      await waitReadable(this.#agent, this.#easy);
      this.#hadEvent = false;
      this.#bytesSinceYield = 0;
    }
  }

  /**
   * Receives the next piece of a frame, `null` if there is none yet. After a Close frame or a
   * failure it reads raw bytes, only to notice the end of the connection.
   */
  #receive(): WsFrame | null {
    try {
      if (!this.#peerClose && !this.#failure) return this.#easy.wsRecv(incoming);
      const len = this.#easy.recv(incoming);
      if (len === 0) this.#end();
      return { flags: 0, offset: 0, bytesleft: 0, len };
    } catch (error) {
      if (easyCodeOf(error) === Code.AGAIN) return null;
      throw error;
    }
  }

  /** Returns control to the event loop. */
  async #yieldToEventLoop(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#hadEvent = false;
    this.#bytesSinceYield = 0;
  }

  /** Dispatches an event in a macrotask of its own, as the standard asks for. */
  async #dispatch(event: () => void): Promise<void> {
    if (this.#hadEvent) await this.#yieldToEventLoop();
    if (this.#isEnded || this.#failure) return;
    this.#hadEvent = true;
    event();
  }

  async #handleFrame(frame: WsFrame, piece: Uint8Array<ArrayBuffer>): Promise<void> {
    const kind = frame.flags & OPCODE_FLAGS;
    if (kind === 0) return;
    if (!(kind & DATA_FLAGS)) return await this.#handleControl(kind, frame, piece);
    try {
      this.#assembler.add(piece, kind === flags.CURLWS_TEXT, frame.bytesleft);
      if (frame.bytesleft > 0 || frame.flags & flags.CURLWS_CONT) return;
      const message = this.#assembler.finish();
      await this.#dispatch(() => this.#events.message(message));
    } catch (error) {
      if (isInstance(error, MessageTooBig)) this.#failWith(TOO_BIG, error);
      else if (isInstance(error, InvalidText)) this.#failWith(INVALID_DATA, error);
      else throw error;
    }
  }

  async #handleControl(
    kind: number,
    frame: WsFrame,
    piece: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const before = frame.offset === 0 ? 0 : this.#control.length;
    const payload = new Uint8Array(before + piece.length);
    payload.set(this.#control.subarray(0, before));
    payload.set(piece, before);
    this.#control = payload;
    if (frame.bytesleft > 0) return;
    if (kind === flags.CURLWS_CLOSE) this.#handleClose(payload);
    else if (kind === flags.CURLWS_PONG) {
      await this.#dispatch(() => this.#events.pong(payload.buffer));
    } else {
      this.#outbox.pong(payload.slice());
      this.#flushSoon();
      await this.#dispatch(() => this.#events.ping(payload.buffer));
    }
  }

  #handleClose(payload: Uint8Array<ArrayBuffer>): void {
    let closing: CloseStatus | null;
    try {
      closing = readClose(payload);
    } catch (error) {
      return this.#failWith(
        INVALID_DATA,
        new Error("A close reason is not UTF-8", { cause: error }),
      );
    }
    if (!closing) return this.#failWith(PROTOCOL_ERROR, new Error("A Close frame is malformed"));
    this.#peerClose = closing;
    // the answer has the same code; messages that are still queued are dropped
    if (!this.#outbox.closing) {
      this.#events.closing();
      this.#outbox.closeNow(payload.slice(0, 2));
    }
    this.#endLater(this.#outbox.closed ? LINGER_MS : CLOSE_MS);
    this.#flushSoon();
  }

  /** Fails the connection: sends a Close frame with that code and waits for the peer to leave. */
  #failWith(code: number, error: unknown): void {
    this.#failure = { error };
    const reason = new TextEncoder().encode(messageOf(error));
    this.#outbox.closeNow(closePayload(code, reason.subarray(0, 100)));
    this.#endLater(LINGER_MS);
    this.#flush();
  }

  /** Handles an error of libcurl. */
  #onError(error: unknown): void {
    if (this.#isEnded) return;
    const code = easyCodeOf(error);
    if (!this.#isOpen) this.#fail(error);
    else if (this.#peerClose || this.#failure || code === Code.GOT_NOTHING) this.#end();
    else if (code === Code.RECV_ERROR && isProtocolError(error)) {
      this.#failWith(PROTOCOL_ERROR, error);
      this.#readUntilEnd();
    } else this.#fail(error);
  }

  /** Reads until the peer has closed the connection, after the main loop has ended. */
  async #readUntilEnd(): Promise<void> {
    try {
      while (!this.#isEnded) await this.#readOrWait();
    } catch {
      this.#end();
    }
  }

  /** Queues a message. The bytes of a Blob come later. */
  send(opcode: number, size: number, bytes: Uint8Array<ArrayBuffer> | Promise<ArrayBuffer>): void {
    if (isInstance(bytes, Uint8Array)) {
      this.#outbox.push(opcode, size, bytes);
      return this.#flushSoon();
    }
    const fill = this.#outbox.push(opcode, size, null);
    bytes.then((buffer) => {
      fill(new Uint8Array(buffer));
      this.#flushSoon();
    }).catch((error) => this.#fail(error));
  }

  /** Counts bytes that will never be sent, which the standard includes in `bufferedAmount`. */
  countUnsent(size: number): void {
    this.#outbox.buffered += size;
  }

  /** Queues a ping, before the queued messages. */
  ping(payload: Uint8Array): void {
    this.#outbox.ping(payload);
    this.#flushSoon();
  }

  /** Starts the closing handshake, or stops connecting. */
  close(code: number | null, reason: Uint8Array): void {
    if (!this.#isOpen) return this.#fail(new Error("The WebSocket was closed before it opened"));
    if (this.#outbox.closing) return;
    this.#outbox.close(closePayload(code, reason));
    this.#endLater(CLOSE_MS);
    this.#flushSoon();
  }

  /** Sends in a microtask, once for everything that is queued until then. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (!this.#isOpen || this.#isEnded || this.#isBlocked || this.#outbox.closed) return;
    try {
      for (let block = this.#nextBlock(); block; block = this.#nextBlock()) {
        const sent = this.#trySend(block);
        if (sent > 0 && this.#timer && !this.#failure) this.#endLater(CLOSE_MS);
        if (sent < block.length) return this.#waitWritable(block, sent);
        this.#unsentBlock = null;
        this.#outbox.blockSent();
      }
      if (this.#outbox.closed && this.#peerClose) this.#endLater(LINGER_MS);
    } catch (error) {
      this.#sendFailure = { error };
      this.#isBlocked = true;
      this.#endLater(LINGER_MS);
    }
  }

  #nextBlock(): Uint8Array<ArrayBuffer> | null {
    return this.#unsentBlock ?? this.#outbox.nextBlock();
  }

  /** Sends as much as the socket takes. Returns the number of bytes. */
  #trySend(block: Uint8Array<ArrayBuffer>): number {
    try {
      return this.#easy.send(block);
    } catch (error) {
      if (easyCodeOf(error) === Code.AGAIN) return 0;
      throw error;
    }
  }

  #waitWritable(block: Uint8Array<ArrayBuffer>, sent: number): void {
    this.#unsentBlock = sent === 0 && block === this.#unsentBlock ? block : block.slice(sent);
    this.#isBlocked = true;
    waitWritable(this.#agent, this.#easy).then(() => {
      this.#isBlocked = false;
      this.#flush();
    }, (error) => this.#onError(error));
  }

  #endLater(ms: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const late = this.#sendFailure ?? { error: new Error("The peer did not close in time") };
      if (!this.#peerClose) this.#failure ??= late;
      this.#end();
    }, ms);
  }

  #fail(error: unknown): void {
    if (this.#isEnded) return;
    this.#peerClose = null;
    this.#failure ??= { error };
    this.#end();
  }

  /** Ends the connection. Closes in a macrotask, as this may run inside a libcurl callback. */
  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#unlisten();
    if (this.#timer) clearTimeout(this.#timer);
    setImmediate(() => {
      try {
        this.#easy.close();
      } finally {
        this.#events.closed(this.#closeResult());
      }
    });
  }

  #closeResult(): CloseResult {
    const closing = this.#failure ? null : this.#peerClose;
    if (closing) return { ...closing, wasClean: true, failure: null };
    const failed = this.#failure ?? this.#sendFailure;
    const failure = failed && { error: publicCause(failed.error) };
    return { code: 1006, reason: "", wasClean: false, failure };
  }
}

/** Whether libcurl has found an invalid frame. A broken connection has the same code. */
function isProtocolError(error: unknown): boolean {
  return isEasyError(error) && messageOf(error).includes("[WS]");
}
