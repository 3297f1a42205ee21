/**
 * One request and its response on an easy handle: the head as soon as it is known, then the
 * body, then the end.
 *
 * @module
 */

import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { flags } from "../../../ffi/curl/flags.ts";
import { type Agent, endTurn, performAtOnce } from "../../driver/agent.ts";
import type { Waiting } from "../../driver/transfers.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import type { Easy } from "../../handles/easy/easy.ts";
import type { Piece } from "../../handles/callbacks/piece.ts";
import { BodySink, type BodyTransfer } from "../response/body_stream.ts";
import { BodyFeeder } from "../request_body/feeder.ts";
import {
  fetchError,
  headError,
  isAbort,
  networkError,
  tooLargeError,
  transferError,
} from "../errors.ts";
import { HeadCollector, type HeadListener } from "../response/head.ts";
import { InfoSnapshot, type TransferInfo } from "../response/info.ts";
import { type HandleUser, type PooledHandle, returnHandle, takeHandle } from "./handle_pool.ts";
import { reportProgress } from "./progress.ts";
import { DISCARD_MS, discarded, type Redirect, redirectOf } from "./redirect.ts";
import type { RequestPlan } from "../request/plan.ts";
import { mayBeRetried } from "./retry.ts";
import { effectiveUrl } from "./configure.ts";

/** What a transfer's head led to. */
export interface ResponseStart {
  readonly head: HeadCollector;
  /** What was asked for. */
  readonly url: URL;
  /** Where it redirects to, `null` where it is the final response. */
  readonly redirect: Redirect | null;
  /** Where the body comes, `null` where there is none. */
  readonly sink: BodySink | null;
}

const { CURL_WRITEFUNC_ERROR } = flags;

const NULL_BODY = new Set([204, 205, 304]);

/** A head with one of these may have left something of an authentication in the handle. */
const AUTHENTICATES = new Set([401, 407, 417]);

/** See the module. */
export class Transfer implements HandleUser, BodyTransfer, HeadListener, Waiting {
  readonly head: HeadCollector = new HeadCollector(this);
  readonly plan: RequestPlan;
  /** How many redirects led here. */
  readonly redirects: number;
  /** What its cookie engine knows, once it is over. */
  cookies: readonly string[] = [];
  readonly #agent: Agent;
  /** Until it is over: then the handle may be another's. */
  #handle: PooledHandle | null;
  /** What it was like, once it is over. */
  #lastInfo: InfoSnapshot | null = null;
  #onOver: (() => void) | null = null;
  /** Until it is given away. */
  #responseStart: PromiseWithResolvers<ResponseStart> | null = Promise.withResolvers();
  readonly #feeder: BodyFeeder | null;
  #sink: BodySink | null = null;
  #received = 0;
  /** What ended the transfer, where it was not libcurl. */
  #failure: { readonly error: unknown } | null = null;

  /** Starts it; `remainingMs` is what is left of the timeout, 0 for no end. */
  constructor(plan: RequestPlan, agent: Agent, remainingMs: number, redirects: number) {
    this.plan = plan;
    this.redirects = redirects;
    this.#agent = agent;
    this.#feeder = this.#feederOf(plan);
    const handle = this.#handle = takeHandle(plan, agent, remainingMs, this);
    this.#setCallbacks(handle.easy);
    try {
      performAtOnce(agent, handle.easy, plan.signal, this);
    } catch (error) {
      this.reject(error);
    }
  }

  /** The head and what it led to; to be asked for right after the start. */
  get responseStart(): Promise<ResponseStart> {
    return this.#responseStart?.promise ??
      Promise.reject(new TypeError("The response has begun already"));
  }

  /** The handle. There must be one: it is only asked for while the transfer goes on. */
  get easy(): Easy {
    return (this.#handle as PooledHandle).easy;
  }

  /** What it was like, until now where it goes on. */
  get info(): TransferInfo {
    return (this.#lastInfo ?? new InfoSnapshot(this, this.redirects)).info;
  }

  #feederOf({ body, bodyLength, url }: RequestPlan): BodyFeeder | null {
    if (!body || body.bytes) return null;
    const fail = (error: unknown) => this.stop(fetchError(error, url.href));
    const yieldTurn = () => endTurn(this.#agent);
    return new BodyFeeder(body, bodyLength, () => this.resume(), fail, yieldTurn);
  }

  #setCallbacks(easy: Easy): void {
    const feeder = this.#feeder, { onProgress } = this.plan;
    if (feeder) {
      easy.setOpt("READFUNCTION", (buffer) => feeder.read(buffer));
      easy.setOpt("SEEKFUNCTION", (_data, offset, origin) => feeder.seek(offset, origin));
    }
    if (onProgress) reportProgress(easy, onProgress, () => this.#sink !== null);
  }

  /** A line of the head. */
  onHeader(line: Piece): number {
    return this.head.addLine(line);
  }

  /** A head is there; libcurl may still replace it by that of a retry. */
  onHead(): void {
    if (!mayBeRetried(this.head.status, this.plan)) this.#settle();
  }

  #settle(): void {
    const responseStart = this.#responseStart;
    if (!responseStart) return;
    this.#responseStart = null;
    const { head, plan } = this, redirect = redirectOf(head, plan);
    if (!redirect && plan.method !== "HEAD" && !NULL_BODY.has(head.status)) {
      this.#sink = new BodySink(this);
    }
    responseStart.resolve({ head, url: effectiveUrl(this.easy, plan), redirect, sink: this.#sink });
  }

  /** Bytes of the body. */
  onBody(bytes: Piece): number {
    this.#settle();
    const { length } = bytes, received = this.#received + length, { maxBodySize } = this.plan;
    if (!this.#sink) {
      return discarded(this.#received = received, length);
    }
    if (received > maxBodySize) return this.#failTooLarge(maxBodySize);
    const taken = this.#sink.write(bytes);
    if (taken === length) this.#received = received;
    return taken;
  }

  #failTooLarge(maxBodySize: number): number {
    this.#failure ??= { error: tooLargeError(maxBodySize) };
    return CURL_WRITEFUNC_ERROR;
  }

  /** Goes on after a pause. Called from a macrotask, never from a callback. */
  resume(): void {
    if (!this.#handle) return;
    const receiving = this.#sink?.paused ? flags.CURLPAUSE_RECV : 0;
    const sending = this.#feeder?.paused ? flags.CURLPAUSE_SEND : 0;
    try {
      this.easy.pause(receiving | sending);
    } catch (error) {
      this.stop(error); // what libcurl had kept was refused
    }
  }

  /** Nobody wants the rest of the body. */
  cancel(): void {
    this.stop(undefined);
  }

  /**
   * Ends the transfer from outside; what waits for it fails with the error. Soon and not at
   * once, since a callback may be on the stack.
   */
  stop(error: unknown): void {
    this.#failure ??= { error };
    setImmediate(() => this.#closeHandle());
  }

  /** Waits for the end of a body that nobody reads, but not for long. */
  async discard(): Promise<void> {
    if (!this.#handle) return;
    const timer = setTimeout(() => this.stop(undefined), DISCARD_MS);
    await new Promise<void>((resolve) => this.#onOver = resolve);
    clearTimeout(timer);
  }

  #closeHandle(): void {
    const handle = this.#releaseHandle();
    handle?.easy.close();
  }

  /** Reads the handle for the last time. */
  #releaseHandle(): PooledHandle | null {
    const handle = this.#handle, { curl } = this.plan;
    if (!handle) return null;
    this.#lastInfo = new InfoSnapshot(this, this.redirects);
    if ("COOKIEFILE" in curl || "COOKIEJAR" in curl || "COOKIELIST" in curl) {
      this.cookies = handle.easy.getInfo("COOKIELIST");
    }
    this.#handle = null;
    this.head.end();
    this.#onOver?.();
    return handle;
  }

  /** The transfer is over. Called in a turn of the agent. */
  resolve(): void {
    const { complete, status } = this.head;
    if (!complete) return this.reject(headError(this.plan.url.href));
    this.#settle();
    const handle = this.#releaseHandle();
    if (handle && this.#lastInfo) {
      const reusedConnection = !this.#lastInfo.madeConnection;
      returnHandle(handle, this.#agent, reusedConnection && !AUTHENTICATES.has(status));
    }
    this.#sink?.end();
    if (this.#feeder) queueMicrotask(() => this.#feeder?.cancel(undefined));
  }

  /** The transfer has failed. Not dealt with in a turn: others may be closed then, too. */
  reject(error: unknown): void {
    queueMicrotask(() => this.#fail(error));
  }

  #fail(error: unknown): void {
    const handle = this.#releaseHandle();
    const reason = this.#failure ? this.#failure.error : error;
    const cause = this.#errorOf(reason);
    this.#feeder?.cancel(reason);
    this.#responseStart?.reject(cause);
    this.#sink?.fail(cause, this.plan.signal?.aborted === true);
    handle?.easy.close(); // last: a callback of the user's may throw in there
  }

  /** The signal's own reason, or a `TypeError` that says why. */
  #errorOf(error: unknown): unknown {
    const { signal, url, body } = this.plan;
    if (isAbort(error, signal)) return error;
    if (error instanceof CurlEasyError && error.code === Code.SEND_FAIL_REWIND && body) {
      const why = "the server asks for the body again, but it was a stream";
      return networkError(url.href, why, { cause: error });
    }
    return error instanceof TypeError ? error : transferError(error, url.href);
  }
}
