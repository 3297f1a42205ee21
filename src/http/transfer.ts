/**
 * One request and its response on an easy handle: the head as soon as it is known, then the
 * body, then the end.
 *
 * @module
 */

import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { flags } from "../../ffi/curl/flags.ts";
import type { Agent } from "../driver/agent.ts";
import { Code, CurlEasyError } from "../errors.ts";
import { Easy } from "../handles/easy.ts";
import { BodySink } from "./body_stream.ts";
import { BodyUpload } from "./body_upload.ts";
import { configure } from "./configure.ts";
import { fetchError, networkError, transferError } from "./errors.ts";
import { HeadCollector } from "./head.ts";
import { readInfo, type TransferInfo } from "./info.ts";
import { reportProgress } from "./progress.ts";
import { DISCARD_BYTES, DISCARD_MS, isRedirect } from "./redirect.ts";
import type { RequestPlan } from "./request.ts";
import { mayBeRetried } from "./retry.ts";
import { askedUrl } from "./url.ts";

/** What a transfer's head led to. */
export interface Answer {
  readonly head: HeadCollector;
  /** What was asked for. */
  readonly url: URL;
  /** Where it redirects to, `null` where it is the response. */
  readonly location: string | null;
  /** The body, `null` where there is none. */
  readonly body: ReadableStream<Uint8Array> | null;
}

const { CURL_WRITEFUNC_ERROR } = flags;

const NULL_BODY = new Set([204, 205, 304]);

/** See the module. */
export class Transfer {
  readonly easy: Easy = new Easy();
  readonly head: HeadCollector = new HeadCollector(() => this.#onHead());
  /** Settles when the transfer is over and the handle can be read for the last time. */
  readonly over: Promise<void>;
  /** What it was like, once it is over. */
  info: TransferInfo | null = null;
  /** What its cookie engine knows, once it is over. */
  cookies: readonly string[] = [];
  /** How many redirects led here. */
  readonly redirects: number;
  readonly #plan: RequestPlan;
  /** Given away with the answer, since it holds the body, which is to be forgotten with it. */
  #answer: PromiseWithResolvers<Answer> | null = Promise.withResolvers();
  readonly #upload: BodyUpload | null = null;
  #sink: BodySink | null = null;
  #received = 0;
  /** What ended the transfer, where it was not libcurl. */
  #failure: { readonly error: unknown } | null = null;

  /** Starts it; `remainingMs` is what is left of the timeout, 0 for no end. */
  constructor(plan: RequestPlan, agent: Agent, remainingMs: number, redirects: number) {
    this.#plan = plan;
    this.redirects = redirects;
    const { body, bodyLength, signal } = plan;
    if (body && !body.bytes) {
      const fail = (error: unknown) => this.stop(fetchError(error, plan.url.href));
      this.#upload = new BodyUpload(body, bodyLength, () => this.#resume(), fail);
    }
    try {
      configure(this.easy, plan, remainingMs);
      this.#setCallbacks();
    } catch (error) {
      this.easy.close();
      throw error;
    }
    const done = agent.perform(this.easy, signal ? { signal } : {});
    this.over = done.then(() => this.#succeed(), (error) => this.#fail(error))
      .finally(() => this.#close());
  }

  /** The answer, once the head is known; to be asked for right after the start. */
  get answer(): Promise<Answer> {
    return this.#answer?.promise ?? Promise.reject(new TypeError("The answer is taken"));
  }

  #setCallbacks(): void {
    const { easy } = this, upload = this.#upload;
    easy.setOpt("HEADERFUNCTION", (line) => this.head.take(line));
    easy.setOpt("WRITEFUNCTION", (bytes) => this.#write(bytes));
    if (upload) {
      easy.setOpt("READFUNCTION", (buffer) => upload.read(buffer));
      easy.setOpt("SEEKFUNCTION", (_data, offset, origin) => upload.seek(offset, origin));
    }
    const { onProgress } = this.#plan;
    if (onProgress) reportProgress(easy, onProgress, () => this.#sink !== null);
  }

  /** A head is there; libcurl may still replace it by that of a retry. */
  #onHead(): void {
    if (!mayBeRetried(this.head.status, this.#plan)) this.#settle();
  }

  #settle(): void {
    const answer = this.#answer;
    if (!answer) return;
    this.#answer = null;
    const { head } = this, { status } = head, { method, redirect } = this.#plan;
    const found = status < 300 || redirect === "manual" ? null : head.get("location");
    const location = isRedirect(status, found) ? found : null;
    let body: ReadableStream<Uint8Array> | null = null;
    if (location === null && method !== "HEAD" && !NULL_BODY.has(status)) {
      const transfer = { resume: () => this.#resume(), cancel: () => this.stop(undefined) };
      this.#sink = new BodySink(transfer);
      body = this.#sink.open();
    }
    answer.resolve({ head, url: askedUrl(this.easy, this.#plan), location, body });
  }

  #write(bytes: Uint8Array<ArrayBuffer>): number {
    this.#settle();
    const received = this.#received + bytes.length, { maxBodySize } = this.#plan;
    if (!this.#sink) {
      this.#received = received;
      return received > DISCARD_BYTES ? CURL_WRITEFUNC_ERROR : bytes.length;
    }
    if (received > maxBodySize) return this.#refuse(maxBodySize);
    const taken = this.#sink.write(bytes);
    if (taken === bytes.length) this.#received = received;
    return taken;
  }

  #refuse(maxBodySize: number): number {
    const text = `The body is larger than maxBodySize, ${maxBodySize} bytes`;
    this.#failure ??= { error: new CurlEasyError(Code.FILESIZE_EXCEEDED, text) };
    return CURL_WRITEFUNC_ERROR;
  }

  #resume(): void {
    if (this.easy.closed) return;
    const receiving = this.#sink?.paused ? flags.CURLPAUSE_RECV : 0;
    const sending = this.#upload?.paused ? flags.CURLPAUSE_SEND : 0;
    try {
      this.easy.pause(receiving | sending);
    } catch (error) {
      this.stop(error); // what libcurl had kept was refused
    }
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
    const timer = setTimeout(() => this.stop(undefined), DISCARD_MS);
    await this.over;
    clearTimeout(timer);
  }

  #close(): void {
    const { easy } = this, { curl } = this.#plan;
    if (easy.closed) return;
    this.info = Object.freeze(readInfo(this, this.redirects));
    if ("COOKIEFILE" in curl || "COOKIEJAR" in curl || "COOKIELIST" in curl) {
      this.cookies = easy.getInfo("COOKIELIST");
    }
    easy.close();
  }

  #succeed(): void {
    if (!this.head.complete) {
      this.#fail(networkError(this.#plan.url.href, "the response is no HTTP/1.0 or later"));
      return;
    }
    this.#settle();
    this.#sink?.end();
    this.#upload?.cancel(undefined);
  }

  #fail(error: unknown): void {
    const reason = this.#failure ? this.#failure.error : error;
    const cause = this.#errorOf(reason);
    this.#upload?.cancel(reason);
    this.#answer?.reject(cause);
    this.#sink?.fail(cause, this.#plan.signal?.aborted === true);
  }

  /** The signal's own reason, or a `TypeError` that says why. */
  #errorOf(error: unknown): unknown {
    const { signal, url, body } = this.#plan;
    if (signal?.aborted && error === signal.reason) return error;
    if (error instanceof CurlEasyError && error.code === Code.SEND_FAIL_REWIND && body) {
      const why = "the server asks for the body again, but it was a stream";
      return networkError(url.href, why, { cause: error });
    }
    return error instanceof TypeError ? error : transferError(error, url.href);
  }
}
