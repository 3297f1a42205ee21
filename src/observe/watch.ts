/**
 * `Watch`: the outcome that an agent gets for an observed transfer. It reports start, head and end
 * to the sinks, and passes the end on to the transfer's own outcome.
 *
 * @module
 */

import type { TransferOutcome, WatchedOutcome } from "../driver/transfers.ts";
import { type Easy, stateOf } from "../handles/easy/easy.ts";
import { getInfo } from "../handles/easy/infos.ts";
import { NO_OPTIONS } from "../http/request/curl_options.ts";
import type { Trail } from "../http/request/trail.ts";
import { isHttp } from "../http/request/url.ts";
import { InfoSnapshot, type TransferInfo } from "../http/response/info.ts";
import type { HeadWatch, ObservedRequest } from "../http/transfer/observed.ts";
import { redactUrl } from "../redact.ts";
import { isAbortOf } from "../signals.ts";
import { messageOf, reportHarmless } from "../untrusted.ts";
import type { ObservedTransfer, TransferState } from "./transfer.ts";

/** Receives the events of transfers synchronously, inside the agent's turn. */
export interface Sink {
  /** The transfer was started; another sink may have ended it since. */
  start(watch: Watch): void;
  /** The head is complete. Called in a callback of libcurl. */
  head(watch: Watch): void;
  /** The transfer is over. Its handle has the infos of the transfer, unless it is closed. */
  end(watch: Watch): void;
}

const NO_HEAD = { trailers: [] }, NO_PLAN = { curl: NO_OPTIONS };

let transfers = 0;

/** Data from the handle at the end of a transfer that belongs to no request of `src/http`. */
interface Facts {
  readonly method: string | null;
  readonly url: string;
  readonly status: number;
}

/** One observed transfer. */
export class Watch implements WatchedOutcome, HeadWatch {
  readonly id: number = ++transfers;
  readonly easy: Easy;
  readonly request: ObservedRequest | null;
  readonly trail: Trail | null;
  readonly attempt: number;
  /** The transfer whose redirect led to this one. */
  readonly before: Watch | null;
  readonly startTime: number = performance.now();
  headTime: number | null = null;
  endTime: number | null = null;
  state: TransferState = "running";
  error: unknown = undefined;
  readonly #outcome: TransferOutcome;
  readonly #signal: AbortSignal | null;
  readonly #sinks: readonly Sink[];
  #face: ObservedTransfer | null = null;
  #facts: Facts | null = null;
  #snapshot: InfoSnapshot | null = null;

  /** A transfer that is about to be started. */
  constructor(
    easy: Easy,
    outcome: TransferOutcome,
    signal: AbortSignal | null,
    sinks: readonly Sink[],
  ) {
    // only src/http passes a request
    const request = this.request = (outcome.request ?? null) as ObservedRequest | null;
    this.easy = easy;
    this.#outcome = outcome;
    this.#signal = request ? request.plan.signal : signal;
    this.#sinks = sinks;
    const trail = this.trail = request?.plan.trail ?? null;
    this.before = trail && request ? enter(trail, request, this) : null;
    this.attempt = trail?.attempt ?? 0;
  }

  /** The object that the user gets. */
  get face(): ObservedTransfer {
    return this.#face ??= new Face(this);
  }

  started(): void {
    if (this.request) this.request.watch = this;
    this.#tell((sink) => sink.start(this));
  }

  head(): void {
    if (this.headTime !== null) return;
    this.headTime = performance.now();
    this.#tell((sink) => sink.head(this));
  }

  resolve(easy: Easy): void {
    this.#end("done", undefined);
    this.#outcome.resolve(easy);
  }

  reject(reason: unknown): void {
    const failure = this.request?.failure, error = failure ? failure.error : reason;
    const state = isAbortOf(this.#signal, error) ? "aborted" : "failed";
    this.#end(failure && error === undefined ? "cancelled" : state, error);
    this.#outcome.reject(reason);
  }

  #end(state: TransferState, error: unknown): void {
    const { request } = this;
    this.endTime = performance.now();
    this.state = state;
    this.error = error;
    // a head that libcurl might have followed by another request
    if (request?.head.complete) this.head();
    if (!request?.keepsInfo) this.#take();
    this.#tell((sink) => sink.end(this));
  }

  /** Calls the sinks. An exception of a sink must not affect the transfer. */
  #tell(call: (sink: Sink) => void): void {
    for (const sink of this.#sinks) {
      try {
        call(sink);
      } catch (error) {
        queueMicrotask(() => reportHarmless(error));
      }
    }
  }

  /** Whether the handle is open. */
  get isOpen(): boolean {
    return stateOf(this.easy).resources.pointer !== null;
  }

  /** Copies the data that the handle may soon no longer have. */
  #take(): void {
    if (!this.isOpen) return;
    const { request } = this, easy = this.easy;
    const head = request?.head ?? NO_HEAD, plan = request?.plan ?? NO_PLAN;
    this.#snapshot = new InfoSnapshot({ easy, head, plan }, request?.redirects ?? 0);
    this.#facts = factsOf(easy);
  }

  get method(): string | null {
    if (this.request) return isHttp(this.request.plan.url) ? this.request.plan.method : null;
    return this.#facts?.method ?? null;
  }

  /** The URL with its secrets. */
  get fullUrl(): string {
    if (this.request) return this.request.plan.url.href;
    if (!this.#facts && !this.isOpen) return "";
    return this.#facts?.url ?? getInfo(stateOf(this.easy), "EFFECTIVE_URL") ?? "";
  }

  get status(): number | null {
    return this.#facts?.status || this.request?.head.status || null;
  }

  get info(): TransferInfo | null {
    return this.#snapshot?.info ?? this.request?.info ?? null;
  }
}

/** Records a request of a call. Returns the previous one in the same chain of redirects. */
function enter(trail: Trail, { redirects, plan }: ObservedRequest, watch: Watch): Watch | null {
  const last = trail.last as Watch | null, isRepeat = plan.isRepeat && last !== null;
  trail.last = watch;
  if (isRepeat) return last.before; // a lost request is neither a redirect nor an attempt
  if (redirects > 0) return last;
  trail.attempt++;
  return null;
}

function factsOf(easy: Easy): Facts {
  const state = stateOf(easy), url = getInfo(state, "EFFECTIVE_URL") ?? "";
  const hasMethods = /^(?:https?|wss?|rtsp):/i.test(url);
  return {
    url,
    method: hasMethods ? getInfo(state, "EFFECTIVE_METHOD") : null,
    status: getInfo(state, "RESPONSE_CODE"),
  };
}

/** The object that the user gets for a watch. */
class Face implements ObservedTransfer {
  readonly #watch: Watch;
  #url: string | null = null;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  get id(): number {
    return this.#watch.id;
  }

  get call(): number | null {
    return this.#watch.trail?.call ?? null;
  }

  get attempt(): number {
    return this.#watch.attempt;
  }

  get redirects(): number {
    return this.#watch.request?.redirects ?? 0;
  }

  get chain(): readonly string[] {
    const urls: string[] = [];
    for (let at = this.#watch.before; at; at = at.before) urls.push(redactUrl(at.fullUrl));
    return urls.reverse();
  }

  get method(): string | null {
    return this.#watch.method;
  }

  get url(): string {
    const { request, fullUrl } = this.#watch;
    return request ? this.#url ??= redactUrl(fullUrl) : redactUrl(fullUrl);
  }

  get status(): number | null {
    return this.#watch.status;
  }

  get state(): TransferState {
    return this.#watch.state;
  }

  get error(): unknown {
    return this.#watch.error;
  }

  get info(): TransferInfo | null {
    return this.#watch.info;
  }

  get startTime(): number {
    return this.#watch.startTime;
  }

  get headTime(): number | null {
    return this.#watch.headTime;
  }

  get endTime(): number | null {
    return this.#watch.endTime;
  }

  toJSON(): Record<string, unknown> {
    const { id, call, attempt, redirects, chain, method, url, status, state, info } = this;
    const { startTime, headTime, endTime, error } = this;
    const { certificates: _, ...facts } = info ?? { certificates: [] };
    return {
      ...{ id, call, attempt, redirects, chain, method, url, status, state },
      error: error === undefined ? null : messageOf(error),
      ...{ startTime, headTime, endTime },
      info: info && facts,
    };
  }
}
