/**
 * `fetchSync`: `fetch` that blocks the thread.
 *
 * @module
 */

import type { Easy } from "../handles/easy/easy.ts";
import { HeaderLines } from "../handles/callbacks/header_lines.ts";
import { configureHttp, effectiveUrl } from "./transfer/configure.ts";
import {
  asTypeError,
  checkStatus,
  errorOfCall,
  headError,
  networkError,
  tooLargeError,
  typeError,
} from "./errors.ts";
import { HeadCollector, type HeadListener } from "./response/head.ts";
import { OwnEasy } from "./own_easy.ts";
import { countdown } from "./transfer/countdown.ts";
import { examined, repeatedPlanOnSameHandle } from "./transfer/lost.ts";
import { reportProgress } from "./transfer/progress.ts";
import {
  discardResult,
  nextPlanOnSameHandle,
  type Redirect,
  redirectOf,
} from "./transfer/redirect.ts";
import { type FetchInit, planRequestSync, readInit, type RequestPlan } from "./request/plan.ts";
import { bareUrl, isHttp } from "./request/url.ts";

/** The options of `fetch` that are possible while the thread is blocked. */
type SyncOptions =
  | "method"
  | "headers"
  | "redirect"
  | "referrer"
  | "referrerPolicy"
  | "curl"
  | "cookies"
  | "timeout"
  | "connectTimeout"
  | "maxBodySize"
  | "maxHeaders"
  | "retryUnsafe"
  | "onProgress";

/** Options of {@linkcode fetchSync}. */
export interface FetchSyncInit extends Pick<FetchInit, SyncOptions> {
  /** The body. A stream, a Blob or a FormData is refused, since it cannot be read synchronously. */
  readonly body?: string | ArrayBuffer | ArrayBufferView | URLSearchParams | null;
}

/** Result of {@linkcode fetchSync}. */
export interface FetchSyncResult {
  /** The HTTP status, 200 to 999. */
  readonly status: number;
  /** The reason phrase, empty on HTTP/2 and later. */
  readonly statusText: string;
  /** The URL of the final response, without credentials and fragment. */
  readonly url: string;
  /** The headers; several `set-cookie` stay separate. */
  readonly headers: Headers;
  /** The body, decoded. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Whether a redirect was followed. */
  readonly redirected: boolean;
}

/**
 * Fetches over http or https and returns when the whole body has arrived. The call blocks the
 * thread, so it is for scripts that have nothing else to do. The rules for requests, redirects and
 * errors are those of `fetch`. Nothing can abort the call, so a `signal` is refused: use `timeout`.
 *
 * @throws {TypeError} if there is no response; its `cause` is the `CurlEasyError`. A status is not
 * an error. Also for a body that cannot be read synchronously, and for `signal`, `agent`,
 * `integrity`, `verbose`.
 *
 * @example
 * ```ts
 * import { fetchSync } from "curlew";
 *
 * const { status, headers, body } = fetchSync("https://example.com/", { timeout: 10_000 });
 * console.log(status, headers.get("content-type"), new TextDecoder().decode(body));
 * ```
 */
export function fetchSync(input: string | URL, init: FetchSyncInit = {}): FetchSyncResult {
  try {
    return fetchAtOnce(input, init);
  } catch (error) {
    throw errorOfCall(error, fetchSync);
  }
}

function fetchAtOnce(input: string | URL, init: FetchSyncInit): FetchSyncResult {
  const members = readInit(init);
  for (const name of ["signal", "agent", "integrity", "verbose"] as const) {
    if (members[name] != null) throw typeError(`Cannot fetch: fetchSync takes no ${name}`);
  }
  let plan = planRequestSync(input, members);
  if (!isHttp(plan.url)) {
    throw networkError(plan.url.href, `the scheme "${plan.url.protocol}" is not for fetchSync`);
  }
  const remaining = countdown(plan.timeout);
  using own = new OwnEasy(); // one handle for the whole chain: it keeps connections and cookies
  const { easy } = own;
  for (let redirects = 0;; redirects++) {
    const request = runRequest(easy, plan, remaining);
    plan = { ...plan, url: effectiveUrl(easy, plan) };
    if (!request.redirect) return request.result(plan.url, redirects > 0);
    plan = nextPlanOnSameHandle(easy, plan, request.redirect, redirects);
  }
}

/** Runs a request, and once more if it was lost with its connection. Returns the last one. */
function runRequest(easy: Easy, plan: RequestPlan, remaining: () => number): SyncRequest {
  const first = new SyncRequest(easy, plan);
  try {
    first.run(remaining());
    return first;
  } catch (error) {
    if (first.loss === null) throw error;
  }
  const again = new SyncRequest(easy, repeatedPlanOnSameHandle(easy, plan, first.loss));
  again.run(remaining());
  return again;
}

class SyncRequest implements HeadListener {
  readonly head: HeadCollector;
  redirect: Redirect | null = null;
  /** The error of a request that was lost with its connection and may be sent again, or `null`. */
  loss: unknown = null;
  readonly #easy: Easy;
  readonly #plan: RequestPlan;
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #received = 0;

  constructor(easy: Easy, plan: RequestPlan) {
    this.#easy = easy;
    this.#plan = plan;
    this.head = new HeadCollector(this, plan.maxHeaders);
  }

  run(remainingMs: number): void {
    const easy = this.#easy, { url, onProgress } = this.#plan;
    try {
      configureHttp(easy, this.#plan, remainingMs, this.head);
      easy.setOpt("HEADERFUNCTION", new HeaderLines(this.head).option);
      easy.setOpt("WRITEFUNCTION", (bytes) => this.#write(bytes));
      if (onProgress) {
        reportProgress(easy, onProgress, () => !this.redirect && this.#received > 0);
      }
      easy.perform();
    } catch (error) {
      if (this.redirect) return;
      const { head } = this, plan = this.#plan;
      const { loss, reason } = examined(error, { plan, head, easy, failure: null });
      this.loss = loss;
      throw asTypeError(reason, url);
    }
  }

  /**
   * Called for each complete head; after an authentication retry the last head is the final one.
   */
  onHead(): void {
    this.redirect = redirectOf(this.head, this.#plan);
    this.#chunks = [];
    this.#received = 0;
  }

  #write(bytes: Uint8Array): number {
    const { maxBodySize } = this.#plan;
    this.#received += bytes.length;
    if (this.redirect) return discardResult(this.#received, bytes.length);
    if (this.#received > maxBodySize) throw tooLargeError(maxBodySize);
    this.#chunks.push(bytes.slice());
    return bytes.length;
  }

  result(url: URL, redirected: boolean): FetchSyncResult {
    const { complete, status } = this.head;
    if (!complete) throw headError(url.href);
    checkStatus(status, url.href);
    const { statusText, headers } = this.head.read();
    return { status, statusText, url: bareUrl(url), headers, body: this.#body(), redirected };
  }

  #body(): Uint8Array<ArrayBuffer> {
    const body = new Uint8Array(this.#received);
    let at = 0;
    for (const chunk of this.#chunks) {
      body.set(chunk, at);
      at += chunk.length;
    }
    return body;
  }
}
