/**
 * One request and its response on an easy handle: the head as soon as it is known, then the
 * body, then the end.
 *
 * @module
 */

import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { flags } from "../../../ffi/curl/flags.ts";
import { type Agent, endTurn, performAtOnce } from "../../driver/agent.ts";
import type { TransferOutcome } from "../../driver/transfers.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import type { Easy } from "../../handles/easy/easy.ts";
import type { Piece } from "../../handles/callbacks/piece.ts";
import { BodySink, type BodyTransfer } from "../response/body_stream.ts";
import { BodyUpload } from "../request_body/feeder.ts";
import { fetchError, headError, networkError, transferError } from "../errors.ts";
import { HeadCollector, type HeadOwner } from "../response/head.ts";
import { InfoSnapshot, type TransferInfo } from "../response/info.ts";
import { type Channel, type ChannelUser, giveChannel, takeChannel } from "./handle_pool.ts";
import { reportProgress } from "./progress.ts";
import { DISCARD_BYTES, DISCARD_MS, isRedirect } from "./redirect.ts";
import type { RequestPlan } from "../request/plan.ts";
import { mayBeRetried } from "./retry.ts";
import { askedUrl } from "./configure.ts";

/** What a transfer's head led to. */
export interface Answer {
  readonly head: HeadCollector;
  /** What was asked for. */
  readonly url: URL;
  /** Where it redirects to, `null` where it is the response. */
  readonly location: string | null;
  /** Where the body comes, `null` where there is none. */
  readonly sink: BodySink | null;
}

const { CURL_WRITEFUNC_ERROR } = flags;

const NULL_BODY = new Set([204, 205, 304]);

/** A head with one of these may have left something of an authentication in the handle. */
const AUTHENTICATES = new Set([401, 407, 417]);

/** See the module. */
export class Transfer implements ChannelUser, BodyTransfer, HeadOwner, TransferOutcome {
  readonly head: HeadCollector = new HeadCollector(this);
  readonly plan: RequestPlan;
  /** How many redirects led here. */
  readonly redirects: number;
  /** What its cookie engine knows, once it is over. */
  cookies: readonly string[] = [];
  readonly #agent: Agent;
  /** Until it is over: then the handle may be another's. */
  #channel: Channel | null;
  /** What it was like, once it is over. */
  #last: InfoSnapshot | null = null;
  #whenOver: (() => void) | null = null;
  /** Until it is given away. */
  #answer: PromiseWithResolvers<Answer> | null = Promise.withResolvers();
  readonly #upload: BodyUpload | null;
  #sink: BodySink | null = null;
  #received = 0;
  /** What ended the transfer, where it was not libcurl. */
  #failure: { readonly error: unknown } | null = null;

  /** Starts it; `remainingMs` is what is left of the timeout, 0 for no end. */
  constructor(plan: RequestPlan, agent: Agent, remainingMs: number, redirects: number) {
    this.plan = plan;
    this.redirects = redirects;
    this.#agent = agent;
    this.#upload = this.#uploadOf(plan);
    const channel = this.#channel = takeChannel(plan, agent, remainingMs, this);
    this.#setCallbacks(channel.easy);
    try {
      performAtOnce(agent, channel.easy, plan.signal, this);
    } catch (error) {
      this.reject(error);
    }
  }

  /** The answer, once the head is known; to be asked for right after the start. */
  get answer(): Promise<Answer> {
    return this.#answer?.promise ?? Promise.reject(new TypeError("The answer is taken"));
  }

  /** The handle. There must be one: it is only asked for while the transfer goes on. */
  get easy(): Easy {
    return (this.#channel as Channel).easy;
  }

  /** What it was like, until now where it goes on. */
  get info(): TransferInfo {
    return (this.#last ?? new InfoSnapshot(this, this.redirects)).info;
  }

  #uploadOf({ body, bodyLength, url }: RequestPlan): BodyUpload | null {
    if (!body || body.bytes) return null;
    const fail = (error: unknown) => this.stop(fetchError(error, url.href));
    const yieldTurn = () => endTurn(this.#agent);
    return new BodyUpload(body, bodyLength, () => this.resume(), fail, yieldTurn);
  }

  #setCallbacks(easy: Easy): void {
    const upload = this.#upload, { onProgress } = this.plan;
    if (upload) {
      easy.setOpt("READFUNCTION", (buffer) => upload.read(buffer));
      easy.setOpt("SEEKFUNCTION", (_data, offset, origin) => upload.seek(offset, origin));
    }
    if (onProgress) reportProgress(easy, onProgress, () => this.#sink !== null);
  }

  /** A line of the head. */
  onHeader(line: Piece): number {
    return this.head.take(line);
  }

  /** A head is there; libcurl may still replace it by that of a retry. */
  onHead(): void {
    if (!mayBeRetried(this.head.status, this.plan)) this.#settle();
  }

  #settle(): void {
    const answer = this.#answer;
    if (!answer) return;
    this.#answer = null;
    const { head } = this, { status } = head, { method, redirect } = this.plan;
    const found = status < 300 || redirect === "manual" ? null : head.get("location");
    const location = isRedirect(status, found) ? found : null;
    if (location === null && method !== "HEAD" && !NULL_BODY.has(status)) {
      this.#sink = new BodySink(this);
    }
    answer.resolve({ head, url: askedUrl(this.easy, this.plan), location, sink: this.#sink });
  }

  /** Bytes of the body. */
  onBody(bytes: Piece): number {
    this.#settle();
    const { length } = bytes, received = this.#received + length, { maxBodySize } = this.plan;
    if (!this.#sink) {
      this.#received = received;
      return received > DISCARD_BYTES ? CURL_WRITEFUNC_ERROR : length;
    }
    if (received > maxBodySize) return this.#refuse(maxBodySize);
    const taken = this.#sink.write(bytes);
    if (taken === length) this.#received = received;
    return taken;
  }

  #refuse(maxBodySize: number): number {
    const text = `The body is larger than maxBodySize, ${maxBodySize} bytes`;
    this.#failure ??= { error: new CurlEasyError(Code.FILESIZE_EXCEEDED, text) };
    return CURL_WRITEFUNC_ERROR;
  }

  /** Goes on after a pause. Called from a macrotask, never from a callback. */
  resume(): void {
    if (!this.#channel) return;
    const receiving = this.#sink?.paused ? flags.CURLPAUSE_RECV : 0;
    const sending = this.#upload?.paused ? flags.CURLPAUSE_SEND : 0;
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
    setImmediate(() => this.#close());
  }

  /** Waits for the end of a body that nobody reads, but not for long. */
  async discard(): Promise<void> {
    if (!this.#channel) return;
    const timer = setTimeout(() => this.stop(undefined), DISCARD_MS);
    await new Promise<void>((resolve) => this.#whenOver = resolve);
    clearTimeout(timer);
  }

  #close(): void {
    const channel = this.#leave();
    channel?.easy.close();
  }

  /** Reads the handle for the last time. */
  #leave(): Channel | null {
    const channel = this.#channel, { curl } = this.plan;
    if (!channel) return null;
    this.#last = new InfoSnapshot(this, this.redirects);
    if ("COOKIEFILE" in curl || "COOKIEJAR" in curl || "COOKIELIST" in curl) {
      this.cookies = channel.easy.getInfo("COOKIELIST");
    }
    this.#channel = null;
    this.head.end();
    this.#whenOver?.();
    return channel;
  }

  /** The transfer is over. Called in a turn of the agent. */
  resolve(): void {
    const { complete, status } = this.head;
    if (!complete) return this.reject(headError(this.plan.url.href));
    this.#settle();
    const channel = this.#leave();
    if (channel && this.#last) {
      const isGood = !this.#last.isFresh && !AUTHENTICATES.has(status);
      giveChannel(channel, this.#agent, isGood);
    }
    this.#sink?.end();
    if (this.#upload) queueMicrotask(() => this.#upload?.cancel(undefined));
  }

  /** The transfer has failed. Not dealt with in a turn: others may be closed then, too. */
  reject(error: unknown): void {
    queueMicrotask(() => this.#fail(error));
  }

  #fail(error: unknown): void {
    const channel = this.#leave();
    const reason = this.#failure ? this.#failure.error : error;
    const cause = this.#errorOf(reason);
    this.#upload?.cancel(reason);
    this.#answer?.reject(cause);
    this.#sink?.fail(cause, this.plan.signal?.aborted === true);
    channel?.easy.close(); // last: a callback of the user's may throw in there
  }

  /** The signal's own reason, or a `TypeError` that says why. */
  #errorOf(error: unknown): unknown {
    const { signal, url, body } = this.plan;
    if (signal?.aborted && error === signal.reason) return error;
    if (error instanceof CurlEasyError && error.code === Code.SEND_FAIL_REWIND && body) {
      const why = "the server asks for the body again, but it was a stream";
      return networkError(url.href, why, { cause: error });
    }
    return error instanceof TypeError ? error : transferError(error, url.href);
  }
}
