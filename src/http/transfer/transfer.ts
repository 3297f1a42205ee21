/**
 * A transfer: one request of `fetch` and its response on an easy handle. The response starts once
 * the head is complete, its body is a stream, and at the end the handle returns to the pool.
 *
 * @module
 */

import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { flags } from "../../../ffi/curl/flags.ts";
import { type Agent, endTurn, performAtOnce } from "../../driver/agent.ts";
import type { TransferOutcome } from "../../driver/transfers.ts";
import { isAborted, isAbortOf } from "../../signals.ts";
import type { BodyReceiver } from "../../handles/core/easy_state.ts";
import { attachTap } from "../../handles/tap.ts";
import { KEPT_BYTES } from "../../handles/easy/decoding.ts";
import { type Easy, stateOf } from "../../handles/easy/easy.ts";
import { pauseInTurn, pauseReceiving, pauseReceivingNow } from "../../handles/easy/pausing.ts";
import type { Piece } from "../../handles/callbacks/piece.ts";
import {
  BodySink,
  type BodyTransfer,
  MAX_UNPACKED,
  mostUnpacked,
} from "../response/body_stream.ts";
import { BodyFeeder } from "../request_body/feeder.ts";
import { FileFeeder } from "../request_body/file_feeder.ts";
import type { Feeder } from "../request_body/sending.ts";
import {
  fetchError,
  headError,
  isOutOfRoom,
  isTypeError,
  tooLargeError,
  transferError,
  typeError,
  unpackedTooFarError,
} from "../errors.ts";
import { hasAny } from "../request/curl_options.ts";
import { HeadCollector, type HeadListener } from "../response/head.ts";
import { InfoSnapshot, type TransferInfo } from "../response/info.ts";
import { type HandleUser, type PooledHandle, returnHandle, takeHandle } from "./handle_pool.ts";
import type { HeadWatch, ObservedRequest } from "./observed.ts";
import { reportProgress } from "./progress.ts";
import { examined } from "./lost.ts";
import { DISCARD_MS, discardResult, type Redirect, redirectOf } from "./redirect.ts";
import type { RequestPlan } from "../request/plan.ts";
import { finalHeadOf, mayBeRetried, mustReceiveFirst, rewindError } from "./retry.ts";
import { effectiveUrl } from "./configure.ts";

/** A response whose head is complete. */
export interface ResponseStart {
  readonly head: HeadCollector;
  /** The URL that was requested. */
  readonly url: URL;
  /** The redirect to follow, `null` for the final response. */
  readonly redirect: Redirect | null;
  /** Receives the body, `null` if it has none. */
  readonly sink: BodySink | null;
}

const { CURL_WRITEFUNC_ERROR } = flags;

const NULL_BODY = new Set([204, 205, 304]);

/** Options that turn the cookie engine on. */
const COOKIES: ReadonlySet<string> = new Set(["COOKIEFILE", "COOKIEJAR", "COOKIELIST"]);

/** Statuses that may leave authentication state in the handle. */
const AUTHENTICATES = new Set([401, 407, 417]);

/** Whether the head announces more than `maxBodySize`, which counts unpacked bytes. */
const isTooLong = (head: HeadCollector, { maxBodySize }: RequestPlan) =>
  (head.bodyLength ?? 0) > maxBodySize && head.list("content-encoding") === "";

/** One request of `fetch`, running on an agent. */
export class Transfer
  implements HandleUser, BodyTransfer, HeadListener, TransferOutcome, ObservedRequest {
  readonly head: HeadCollector;
  readonly plan: RequestPlan;
  /** How many redirects were followed before this request. */
  readonly redirects: number;
  /** The cookies of the handle as lines of COOKIELIST, once the transfer is over. */
  cookies: readonly string[] = [];
  /** Called for the head where the agent is observed. */
  watch: HeadWatch | null = null;
  /** The error of a request that was lost with its connection and may be sent again, or `null`. */
  loss: unknown = null;
  readonly #agent: Agent;
  /** `null` once the transfer is over, as the handle may serve another transfer then. */
  #handle: PooledHandle | null;
  /** The info at the end of the transfer. */
  #lastInfo: InfoSnapshot | null = null;
  #onOver: (() => void) | null = null;
  /** `null` once it is settled. */
  #responseStart: PromiseWithResolvers<ResponseStart> | null = Promise.withResolvers();
  readonly #feeder: Feeder | null;
  #sink: BodySink | null = null;
  #received = 0;
  /** Why curlew ended the transfer. It has priority over the error of libcurl. */
  #failure: { readonly error: unknown } | null = null;

  /** Starts the transfer. `remainingMs` is what is left of the timeout, 0 for none. */
  constructor(plan: RequestPlan, agent: Agent, remainingMs: number, redirects: number) {
    this.plan = plan;
    this.head = new HeadCollector(this, plan.maxHeaders);
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

  /** Resolves when the head is complete. To be read right after the constructor, once. */
  get responseStart(): Promise<ResponseStart> {
    return this.#responseStart?.promise ??
      Promise.reject(typeError("The response has begun already"));
  }

  /** The easy handle. Only to be read while the transfer runs. */
  get easy(): Easy {
    return (this.#handle as PooledHandle).easy;
  }

  /** True: the info is read before the handle is returned. */
  get keepsInfo(): boolean {
    return true;
  }

  /** The request, for an observer of the agent. */
  get request(): ObservedRequest {
    return this;
  }

  /** Why curlew itself has ended the transfer. */
  get failure(): { readonly error: unknown } | null {
    return this.#failure;
  }

  /** The info of the transfer, up to now if it is still running. */
  get info(): TransferInfo {
    return (this.#lastInfo ?? new InfoSnapshot(this, this.redirects)).info;
  }

  #feederOf({ body, bodyLength, url }: RequestPlan): Feeder | null {
    if (!body || body.bytes) return null;
    const fail = (error: unknown) => this.stop(fetchError(error, url.href));
    const yieldTurn = () => endTurn(this.#agent);
    const mustWait = () => mustReceiveFirst(stateOf(this.easy)), resume = () => this.resume();
    if (body.file) return new FileFeeder(body.file, resume, fail, mustWait);
    return new BodyFeeder(body, bodyLength, resume, fail, yieldTurn, mustWait);
  }

  #setCallbacks(easy: Easy): void {
    const feeder = this.#feeder, { onProgress, verbose } = this.plan;
    if (verbose) attachTap(stateOf(easy), verbose);
    if (feeder) {
      easy.setOpt("READFUNCTION", feeder.readFunction);
      easy.setOpt("SEEKFUNCTION", (_data, offset, origin) => feeder.seek(offset, origin));
    }
    if (this.plan.body) {
      stateOf(easy).settings.setReceive({ finalHead: () => finalHeadOf(this.head, this.plan) });
    }
    if (onProgress) reportProgress(easy, onProgress, () => this.#sink !== null);
  }

  /** Starts the response, unless libcurl may send the request again. */
  onHead(): void {
    if (!mayBeRetried(this.head.status, this.plan)) this.#settle();
  }

  #settle(): void {
    const responseStart = this.#responseStart;
    if (!responseStart) return;
    this.#responseStart = null;
    const { head, plan } = this, redirect = redirectOf(head, plan);
    if (!redirect && plan.method !== "HEAD" && !NULL_BODY.has(head.status)) {
      this.#sink = new BodySink(this, head.bodyLength, mostUnpacked(plan));
      if (isTooLong(head, plan)) this.stop(tooLargeError(plan.maxBodySize));
    }
    this.watch?.head();
    responseStart.resolve({ head, url: effectiveUrl(this.easy, plan), redirect, sink: this.#sink });
  }

  /** WRITEFUNCTION. */
  onBody(bytes: Piece): number {
    this.#settle();
    const { length } = bytes, received = this.#received + length, { maxBodySize } = this.plan;
    if (!this.#sink) {
      return discardResult(this.#received = received, length);
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

  /** The properties of the body, which the driver reads before a pause in the middle of it. */
  get receiver(): BodyReceiver {
    const { maxBodySize } = this.plan;
    // with a limit the body ends early; a pause would not end it: libcurl would unpack the rest
    // first
    return {
      contentEncoding: this.head.list("content-encoding"),
      takesAll: maxBodySize <= KEPT_BYTES,
    };
  }

  /** Pauses receiving, as {@linkcode BodyTransfer} says. */
  pause(): boolean {
    return pauseReceiving(stateOf(this.easy));
  }

  /** Pauses receiving, unless the request still has a body to send. */
  pauseUnread(): boolean {
    if (!this.#handle || this.#feeder?.done === false) return false;
    pauseReceivingNow(stateOf(this.easy));
    return true;
  }

  /** Resumes the transfer after a pause. Called from a macrotask, never from a libcurl callback. */
  resume(): void {
    if (!this.#handle) return;
    const receiving = this.#sink?.paused ? flags.CURLPAUSE_RECV : 0;
    const sending = this.#feeder?.paused ? flags.CURLPAUSE_SEND : 0;
    try {
      pauseInTurn(stateOf(this.easy), receiving | sending);
    } catch (error) {
      this.stop(error); // resuming delivered buffered bytes, and a callback refused them
    }
  }

  /** Ends the transfer, because the rest of the body is not needed. */
  cancel(): void {
    this.stop(undefined);
  }

  /**
   * Ends the transfer; its promises reject with the error. Deferred to a macrotask, since a libcurl
   * callback may be on the stack.
   */
  stop(error: unknown): void {
    this.#failure ??= { error };
    setImmediate(() => this.#closeHandle());
  }

  /** Waits until the body of a redirect has ended, up to a time limit. */
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

  /** Reads infos and cookies from the handle, and removes the handle from this object. */
  #releaseHandle(): PooledHandle | null {
    const handle = this.#handle, { curl } = this.plan;
    if (!handle) return null;
    this.#lastInfo = new InfoSnapshot(this, this.redirects);
    if (hasAny(curl, COOKIES)) {
      this.cookies = handle.easy.getInfo("COOKIELIST");
    }
    this.#handle = null;
    this.#onOver?.();
    return handle;
  }

  /** Called by the agent when the transfer has succeeded, in a turn. */
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

  /**
   * Called by the agent when the transfer has failed, in a turn. Deferred, since closing the handle
   * may call the user's callbacks, which may close other handles.
   */
  reject(error: unknown): void {
    queueMicrotask(() => this.#fail(error));
  }

  #fail(error: unknown): void {
    const handle = this.#releaseHandle();
    const reason = this.#failure ? this.#failure.error : error;
    const cause = this.#errorOf(handle ? this.#examine(reason, handle) : reason);
    this.#feeder?.cancel(reason);
    this.#responseStart?.reject(cause);
    const { signal } = this.plan;
    this.#sink?.fail(cause, signal !== null && isAborted(signal));
    handle?.easy.close(); // last, as it may call the user's callbacks, which may throw
  }

  #examine(error: unknown, { easy }: PooledHandle): unknown {
    const { plan, head, failure } = this, end = this.#lastInfo ?? undefined;
    const { loss, reason } = examined(error, { plan, head, easy, failure }, end);
    this.loss = loss;
    return reason;
  }

  /** The error to reject with: the reason of the signal, or a `TypeError`. */
  #errorOf(error: unknown): unknown {
    const { signal, url } = this.plan;
    if (isAbortOf(signal, error)) return error;
    if (this.#sink?.isOverLimit && isOutOfRoom(error)) {
      return transferError(unpackedTooFarError(MAX_UNPACKED), url.href);
    }
    const rewind = rewindError(error, this.plan, this.head);
    if (rewind) return rewind;
    return isTypeError(error) ? error : transferError(error, url.href);
  }
}
