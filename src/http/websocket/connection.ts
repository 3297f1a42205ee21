/**
 * The connection of a WebSocket: what comes in becomes events, what goes out waits until the
 * network takes it, and both end with the closing handshake or without.
 *
 * @module
 */

import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { flags } from "../../../ffi/curl/flags.ts";
import type { Agent } from "../../driver/agent.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { Easy } from "../../handles/easy/easy.ts";
import type { WsFrame } from "../../handles/easy/websocket.ts";
import { publicCause } from "../errors.ts";
import { closePayload, type CloseStatus, readClose } from "./frames.ts";
import { checkResponse, configureHandshake, type WebSocketPlan } from "./handshake.ts";
import { InvalidText, MessageAssembler, MessageTooBig } from "./message.ts";
import { Outbox } from "./outbox.ts";

/** How it ended. */
export interface CloseResult extends CloseStatus {
  readonly wasClean: boolean;
  /** What went wrong, `null` where the peer just went away. */
  readonly error: unknown;
}

/** Who is told. None of it is called from a callback of libcurl. */
export interface ConnectionEvents {
  opened(protocol: string): void;
  message(data: string | ArrayBuffer): void;
  ping(data: ArrayBuffer): void;
  pong(data: ArrayBuffer): void;
  /** The peer has begun the closing handshake. */
  closing(): void;
  closed(ending: CloseResult): void;
}

/** How long the peer may take for its part of the closing handshake. */
const CLOSE_MS = 3000;
/** How long it may take to end the connection after that. */
const LINGER_MS = 1000;
/** The application has its say after so many bytes. */
const MAX_BYTES_PER_TURN = 1024 * 1024;

const DATA_FLAGS = flags.CURLWS_TEXT | flags.CURLWS_BINARY;
const OPCODE_FLAGS = DATA_FLAGS | flags.CURLWS_CLOSE | flags.CURLWS_PING | flags.CURLWS_PONG;

/** One for all connections of the thread: what comes is copied before anything else happens. */
const incoming = new Uint8Array(64 * 1024);

/** Codes that a failed connection tells the peer. */
const PROTOCOL_ERROR = 1002, INVALID_DATA = 1007, TOO_BIG = 1009;

/** See the module. */
export class Connection {
  readonly #easy = new Easy();
  readonly #agent: Agent;
  readonly #plan: WebSocketPlan;
  readonly #events: ConnectionEvents;
  readonly #outbox = new Outbox();
  readonly #assembler: MessageAssembler;
  /** The rest of a block that the network did not take whole. */
  #unsentBlock: Uint8Array<ArrayBuffer> | null = null;
  #control: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #isOpen = false;
  #isEnded = false;
  #isFlushing = false;
  #isBlocked = false;
  /** What the peer's Close frame said. */
  #peerClose: CloseStatus | null = null;
  #failure: { readonly error: unknown } | null = null;
  /** Why nothing can be sent any more. What the peer has sent before may say more. */
  #sendError: unknown = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Whether there was an event since the runtime's loop had its turn, and how many bytes came. */
  #hadEvent = false;
  #bytesSinceYield = 0;
  #unlisten = () => {};

  /** Begins to connect. Throws what libcurl says to the options. */
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
    const abort = () => this.#fail(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    this.#unlisten = () => signal.removeEventListener("abort", abort);
  }

  /** Bytes of messages that the network has not taken. */
  get buffered(): number {
    return this.#outbox.buffered;
  }

  async #run(key: string): Promise<void> {
    try {
      if (this.#isEnded) return;
      await this.#agent.perform(this.#easy);
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

  /** Reads what there is, or waits for it. */
  async #readOrWait(): Promise<void> {
    const frame = this.#receive();
    if (frame) {
      this.#bytesSinceYield += frame.len;
      await this.#handleFrame(frame, incoming.subarray(0, frame.len));
      if (this.#bytesSinceYield >= MAX_BYTES_PER_TURN) await this.#yieldToEventLoop();
    } else {
      await this.#agent.readable(this.#easy);
      this.#hadEvent = false;
      this.#bytesSinceYield = 0;
    }
  }

  /** The next piece, `null` where nothing is there. After the last frame that counts, bytes. */
  #receive(): WsFrame | null {
    try {
      if (!this.#peerClose && !this.#failure) return this.#easy.wsRecv(incoming);
      const len = this.#easy.recv(incoming);
      if (len === 0) this.#end();
      return { flags: 0, offset: 0, bytesleft: 0, len };
    } catch (error) {
      if (codeOf(error) === Code.AGAIN) return null;
      throw error;
    }
  }

  /** Lets the rest of the program run. */
  async #yieldToEventLoop(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#hadEvent = false;
    this.#bytesSinceYield = 0;
  }

  /** Tells of something, one thing at a time: what the last event led to comes first. */
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
      if (error instanceof MessageTooBig) this.#failWith(TOO_BIG, error);
      else if (error instanceof InvalidText) this.#failWith(INVALID_DATA, error);
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
        new Error("A close reason is no UTF-8", { cause: error }),
      );
    }
    if (!closing) return this.#failWith(PROTOCOL_ERROR, new Error("A Close frame is malformed"));
    this.#peerClose = closing;
    // the answer says the same; messages that are not out yet never will be
    if (!this.#outbox.closing) {
      this.#events.closing();
      this.#outbox.closeNow(payload.slice(0, 2));
    }
    this.#endLater(this.#outbox.closed ? LINGER_MS : CLOSE_MS);
    this.#flushSoon();
  }

  /** The peer broke the protocol: says so, and waits for it to go. */
  #failWith(code: number, error: unknown): void {
    this.#failure = { error };
    const reason = new TextEncoder().encode(error instanceof Error ? error.message : "");
    this.#outbox.closeNow(closePayload(code, reason.subarray(0, 100)));
    this.#endLater(LINGER_MS);
    this.#flush();
  }

  /** A call of libcurl failed. */
  #onError(error: unknown): void {
    if (this.#isEnded) return;
    const code = codeOf(error);
    if (!this.#isOpen) this.#fail(error);
    else if (this.#peerClose || this.#failure || code === Code.GOT_NOTHING) this.#end();
    else if (code === Code.RECV_ERROR && isProtocolError(error)) {
      this.#failWith(PROTOCOL_ERROR, error);
      this.#readUntilEnd();
    } else this.#fail(error);
  }

  /** Waits for the peer to go, after the loop that reads has ended. */
  async #readUntilEnd(): Promise<void> {
    try {
      while (!this.#isEnded) await this.#readOrWait();
    } catch {
      this.#end();
    }
  }

  /** Queues a message; its bytes may come later, from a Blob. */
  send(opcode: number, size: number, bytes: Uint8Array<ArrayBuffer> | Promise<ArrayBuffer>): void {
    const isHere = bytes instanceof Uint8Array;
    const fill = this.#outbox.push(opcode, size, isHere ? bytes : null);
    if (isHere) return this.#flushSoon();
    bytes.then((buffer) => {
      fill(new Uint8Array(buffer));
      this.#flushSoon();
    }).catch((error) => this.#fail(error));
  }

  /** Counts what will never be sent. */
  countUnsent(size: number): void {
    this.#outbox.buffered += size;
  }

  /** Sends a ping, before the messages that wait. */
  ping(payload: Uint8Array): void {
    this.#outbox.ping(payload);
    this.#flushSoon();
  }

  /** Begins the closing handshake, or gives up connecting. */
  close(code: number | null, reason: Uint8Array): void {
    if (!this.#isOpen) return this.#fail(new Error("The WebSocket was closed before it opened"));
    if (this.#outbox.closing) return;
    this.#outbox.close(closePayload(code, reason));
    this.#endLater(CLOSE_MS);
    this.#flushSoon();
  }

  /** Once for all that is queued in one go. */
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
      this.#sendError = error;
      this.#isBlocked = true;
      this.#endLater(LINGER_MS);
    }
  }

  #nextBlock(): Uint8Array<ArrayBuffer> | null {
    return this.#unsentBlock ?? this.#outbox.nextBlock();
  }

  /** How many bytes the network took. */
  #trySend(block: Uint8Array<ArrayBuffer>): number {
    try {
      return this.#easy.send(block);
    } catch (error) {
      if (codeOf(error) === Code.AGAIN) return 0;
      throw error;
    }
  }

  #waitWritable(block: Uint8Array<ArrayBuffer>, sent: number): void {
    this.#unsentBlock = sent === 0 && block === this.#unsentBlock ? block : block.slice(sent);
    this.#isBlocked = true;
    this.#agent.writable(this.#easy).then(() => {
      this.#isBlocked = false;
      this.#flush();
    }, (error) => this.#onError(error));
  }

  #endLater(ms: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const late = this.#sendError ?? new Error("The peer did not close in time");
      if (!this.#peerClose) this.#failure ??= { error: late };
      this.#end();
    }, ms);
  }

  #fail(error: unknown): void {
    if (this.#isEnded) return;
    this.#peerClose = null;
    this.#failure ??= { error };
    this.#end();
  }

  /** It is over. What follows does so later: this may be a callback of libcurl. */
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
    if (closing) return { ...closing, wasClean: true, error: null };
    const error = this.#failure ? this.#failure.error : this.#sendError;
    return { code: 1006, reason: "", wasClean: false, error: publicCause(error) };
  }
}

function codeOf(error: unknown): number {
  return error instanceof CurlEasyError ? error.code : -1;
}

/** libcurl's decoder says so; a connection that breaks has the same code. */
function isProtocolError(error: unknown): boolean {
  return error instanceof Error && error.message.includes("[WS]");
}
