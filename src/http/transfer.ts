/**
 * One request and its response on an easy handle: the head as soon as it is known, then the
 * body, then the end.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { flags } from "../../ffi/curl/flags.ts";
import type { Agent } from "../driver/agent.ts";
import { Easy } from "../handles/easy.ts";
import { BodySink } from "./body_stream.ts";
import { BodyUpload } from "./body_upload.ts";
import { configure } from "./configure.ts";
import { fetchError, networkError } from "./errors.ts";
import { HeadCollector } from "./head.ts";
import { readInfo, type TransferInfo } from "./info.ts";
import { isRedirect } from "./redirect.ts";
import type { RequestPlan } from "./request.ts";

/** What a transfer's head led to. */
export interface Answer {
  readonly head: HeadCollector;
  /** Where it redirects to, `null` where it is the response. */
  readonly location: string | null;
  /** The body, `null` where there is none. */
  readonly body: ReadableStream<Uint8Array> | null;
}

/** A redirect's body is read to its end up to here, to keep the connection. */
const DISCARD_LIMIT = 256 * 1024;

const NULL_BODY = new Set([204, 205, 304]);
/** libcurl may answer these itself, with credentials or without Expect. */
const RETRIED = new Set([401, 407, 417]);

/** See the module. */
export class Transfer {
  readonly easy: Easy = new Easy();
  readonly head: HeadCollector = new HeadCollector(() => this.#onHead());
  /** Settles when the transfer is over and the handle can be read for the last time. */
  readonly over: Promise<void>;
  /** What it was like, once it is over. */
  info: TransferInfo | null = null;
  /** How many redirects led here. */
  readonly redirects: number;
  readonly #plan: RequestPlan;
  readonly #answer: PromiseWithResolvers<Answer> = Promise.withResolvers();
  readonly #upload: BodyUpload | null = null;
  #sink: BodySink | null = null;
  #answered = false;
  #discarded = 0;
  /** What ended the transfer, where it was not libcurl. */
  #failure: { readonly error: unknown } | null = null;

  /** Starts it; `remainingMs` is what is left of the timeout, 0 for no end. */
  constructor(plan: RequestPlan, agent: Agent, remainingMs: number, redirects: number) {
    this.#plan = plan;
    this.redirects = redirects;
    const { body, signal } = plan;
    if (body && !body.bytes) {
      const resume = () => this.#resume();
      this.#upload = new BodyUpload(body, resume, (error) => this.#end(error));
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

  /** The answer, once the head is known. */
  get answer(): Promise<Answer> {
    return this.#answer.promise;
  }

  #setCallbacks(): void {
    const { easy } = this, upload = this.#upload, { onProgress } = this.#plan;
    easy.setOpt("HEADERFUNCTION", (line) => this.head.take(line));
    easy.setOpt("WRITEFUNCTION", (bytes) => this.#write(bytes));
    if (upload) {
      easy.setOpt("READFUNCTION", (buffer) => upload.read(buffer));
      easy.setOpt("SEEKFUNCTION", (_data, offset, origin) => upload.seek(offset, origin));
    }
    if (!onProgress) return;
    easy.setOpt("NOPROGRESS", 0);
    easy.setOpt("XFERINFOFUNCTION", (_data, total, downloaded, uploadTotal, uploaded) => {
      onProgress({
        downloaded,
        uploaded,
        downloadTotal: total || null,
        uploadTotal: uploadTotal || null,
      });
    });
  }

  /** A head is there; libcurl may still replace it by that of a retry. */
  #onHead(): void {
    if (!RETRIED.has(this.head.status)) this.#settle();
  }

  #settle(): void {
    if (this.#answered) return;
    this.#answered = true;
    const { status } = this.head, { method, redirect, maxBodySize } = this.#plan;
    const location = this.head.get("location");
    const goesOn = redirect !== "manual" && isRedirect(status, location);
    let body: ReadableStream<Uint8Array> | null = null;
    if (!goesOn && method !== "HEAD" && !NULL_BODY.has(status)) {
      const transfer = { resume: () => this.#resume(), cancel: () => this.#end(undefined) };
      this.#sink = new BodySink(transfer, maxBodySize);
      body = this.#sink.open();
    }
    this.#answer.resolve({ head: this.head, location: goesOn ? location : null, body });
  }

  #write(bytes: Uint8Array): number {
    this.#settle();
    if (this.#sink) return this.#sink.write(bytes);
    this.#discarded += bytes.length;
    return this.#discarded > DISCARD_LIMIT ? flags.CURL_WRITEFUNC_ERROR : bytes.length;
  }

  #resume(): void {
    if (!this.easy.closed) this.easy.pause(flags.CURLPAUSE_CONT);
  }

  /** Ends the transfer from outside: soon, since a callback may be on the stack. */
  #end(error: unknown): void {
    this.#failure ??= { error };
    setImmediate(() => this.#close());
  }

  #close(): void {
    if (this.easy.closed) return;
    this.info = Object.freeze(readInfo(this, this.redirects));
    this.easy.close();
  }

  /** Ends the transfer; what waits for it fails with the error. */
  stop(error: unknown): void {
    this.#end(error);
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
    // a redirect whose long body was given up
    const late = this.#answered && !this.#sink;
    this.#upload?.cancel(reason);
    if (!late) this.#answer.reject(cause);
    this.#sink?.fail(cause);
  }

  /** The signal's own reason, or a `TypeError` that says why. */
  #errorOf(error: unknown): unknown {
    const { signal, url } = this.#plan;
    if (signal?.aborted && error === signal.reason) return error;
    return error instanceof TypeError ? error : fetchError(error, url.href);
  }
}
