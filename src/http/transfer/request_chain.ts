/**
 * A request chain: a request and those that its redirects lead to, made one after the other on the
 * same easy handle. `download` and `upload` use it, with any of libcurl's protocols.
 *
 * @module
 */

import { clearTimeout, setTimeout } from "node:timers";
import { type Agent, endTurn, performOn } from "../../driver/agent.ts";
import { type Easy, stateOf } from "../../handles/easy/easy.ts";
import { HeaderLines } from "../../handles/callbacks/header_lines.ts";
import { configureHttp, configureOther, effectiveUrl } from "./configure.ts";
import {
  isAborted as signalIsAborted,
  isAbortOf,
  onAbort,
  reasonOf,
  throwIfAborted,
} from "../../signals.ts";
import { asTypeError } from "../errors.ts";
import { OwnEasy } from "../own_easy.ts";
import { HeadCollector, type HeadListener } from "../response/head.ts";
import { InfoSnapshot, type TransferInfo } from "../response/info.ts";
import {
  DISCARD_BYTES,
  DISCARD_MS,
  discardResult,
  nextPlanOnSameHandle,
  type Redirect,
  redirectOf,
} from "./redirect.ts";
import { examined, repeatedPlanOnSameHandle } from "./lost.ts";
import type { HeadWatch, ObservedRequest } from "./observed.ts";
import type { RequestPlan } from "../request/plan.ts";
import { finalHeadOf, mayBeRetried, rewindError } from "./retry.ts";
import { isHttp } from "../request/url.ts";

/**
 * The functions that the caller of {@linkcode runChain} has called at each request of the chain.
 */
export interface RequestHooks {
  /** Sets more options before the request starts. */
  prepare(request: ChainedRequest): void;
  /**
   * Called for each complete head that is not a redirect; the head of an authentication retry may
   * still replace it. Returns false to discard the body. Runs inside a libcurl callback.
   */
  onHead(request: ChainedRequest): boolean;
  /**
   * Called after each request, while its handle can still be read; `error` is the reason of a
   * failure.
   */
  done(request: ChainedRequest, error: unknown): void;
}

/** The last request of a chain. */
export interface ChainResult {
  readonly plan: RequestPlan;
  /** The response head; `complete` is false if the protocol has none. */
  readonly head: HeadCollector;
  /** The HTTP status, or the last reply code of another protocol. */
  readonly status: number;
  readonly info: TransferInfo;
}

/** BUFFERSIZE. libcurl before 8.13 fills up to 100 such buffers in one call. */
const RECEIVE_BUFFER = 128 * 1024;

/** One request of a chain. */
export class ChainedRequest implements HeadListener, ObservedRequest {
  readonly plan: RequestPlan;
  readonly easy: Easy;
  readonly head: HeadCollector;
  /** How many redirects were followed before this request. */
  readonly redirects: number;
  /** Called for the head where the agent is observed. */
  watch: HeadWatch | null = null;
  /** The reason for which {@linkcode stop} has ended the transfer. */
  failure: { readonly error: unknown } | null = null;
  /** False: the handle makes the next request too. */
  readonly keepsInfo = false;
  readonly info = null;
  /** The redirect, set once a head with one is complete. */
  redirect: Redirect | null = null;
  /** The error of a request that was lost with its connection and may be sent again, or `null`. */
  loss: unknown = null;
  readonly #hooks: RequestHooks;
  /** Aborts the transfer: for the caller's signal, and for `stop()`. */
  readonly #abort = new AbortController();
  /** Runs while a body is discarded. */
  #timer: NodeJS.Timeout | undefined;
  /** Whether the body is discarded. */
  #unwanted = false;
  #discarded = 0;
  /** Set while the transfer runs. */
  #agent: Agent | null = null;

  /** Prepares a request; the handle must be new or reset. */
  constructor(plan: RequestPlan, easy: Easy, hooks: RequestHooks, redirects: number) {
    this.plan = plan;
    this.redirects = redirects;
    this.head = new HeadCollector(this, plan.maxHeaders);
    this.easy = easy;
    this.#hooks = hooks;
  }

  /** Runs the request. Throws `TypeError`, or the signal's reason. */
  async run(agent: Agent, remainingMs: number): Promise<void> {
    const { easy, plan } = this, { signal } = plan;
    let failure: unknown, unlisten = () => {};
    try {
      if (isHttp(plan.url)) configureHttp(easy, plan, remainingMs, this.head);
      else configureOther(easy, plan, remainingMs);
      easy.setOpt("HEADERFUNCTION", new HeaderLines(this.head).option);
      this.#discardBody();
      if (plan.body) {
        stateOf(easy).settings.setReceive({ finalHead: () => finalHeadOf(this.head, plan) });
      }
      this.#hooks.prepare(this);
      if (signal) unlisten = onAbort(signal, () => this.#abort.abort(reasonOf(signal)));
      this.#agent = agent;
      await performOn(agent, easy, this.#abort.signal, this);
    } catch (error) {
      failure = error;
      const isAborted = signal !== null && signalIsAborted(signal);
      if (isAborted || !this.#onlyDiscardsBody()) throw this.#reason(error);
    } finally {
      this.#agent = null;
      clearTimeout(this.#timer);
      unlisten();
      this.#hooks.done(this, failure);
    }
  }

  /** Decides what to do with the body, once a head is complete. */
  onHead(): void {
    this.redirect = redirectOf(this.head, this.plan);
    this.#unwanted = this.redirect !== null || !this.#hooks.onHead(this);
    const isLast = !mayBeRetried(this.head.status, this.plan);
    if (isLast) this.watch?.head();
    if (!this.#unwanted) return;
    this.#discardBody(); // an earlier head's hook may have attached a file for its body
    if (isLast) this.#timer ??= setTimeout(() => this.stop(undefined), DISCARD_MS);
  }

  /** Whether the transfer has done all that is needed: only a discarded body was cut off. */
  #onlyDiscardsBody(): boolean {
    const isLast = !mayBeRetried(this.head.status, this.plan) || this.#discarded > DISCARD_BYTES;
    return this.#unwanted && isLast;
  }

  #discardBody(): void {
    this.easy.setOpt("WRITEFUNCTION", (bytes) => this.#countDiscarded(bytes.length));
  }

  #countDiscarded(length: number): number {
    if (!this.#unwanted) return length;
    return discardResult(this.#discarded += length, length);
  }

  /** Resumes the transfer after a pause. */
  resume(action: number): void {
    if (!this.#agent) return;
    try {
      this.easy.pause(action);
    } catch (error) {
      this.stop(error); // resuming delivered buffered bytes, and a callback refused them
    }
  }

  /** Ends the turn of the agent, so that a stream can produce more. */
  yieldTurn(): void {
    if (this.#agent) endTurn(this.#agent);
  }

  /** Aborts the request, which then fails with the given error. */
  stop(error: unknown): void {
    this.failure ??= { error };
    this.#abort.abort(error);
  }

  #reason(error: unknown): unknown {
    const { signal, url } = this.plan;
    if (isAbortOf(signal, error)) return error;
    const { loss, reason } = examined(error, this);
    this.loss = loss;
    return rewindError(reason, this.plan, this.head) ?? asTypeError(reason, url);
  }
}

/**
 * Makes a request and follows its redirects. `remaining` returns the time left of the timeout.
 * Throws `TypeError`, or the signal's reason.
 */
export async function runChain(
  first: RequestPlan,
  agent: Agent,
  remaining: () => number,
  hooks: RequestHooks,
): Promise<ChainResult> {
  let plan = withReceiveBuffer(first);
  using own = new OwnEasy(); // one handle for the whole chain: it keeps the cookies
  const { easy } = own;
  for (let redirects = 0;; redirects++) {
    throwIfAborted(plan.signal);
    const start = (plan: RequestPlan) => new ChainedRequest(plan, easy, hooks, redirects);
    const request = await runRequest(start, plan, agent, remaining);
    const { head, redirect } = request;
    plan = { ...plan, url: effectiveUrl(easy, plan) };
    if (!redirect) {
      const { info } = new InfoSnapshot(request, redirects);
      return { plan, head, info, status: easy.getInfo("RESPONSE_CODE") };
    }
    plan = nextPlanOnSameHandle(easy, plan, redirect, redirects);
  }
}

/** Runs a request, and once more if it was lost with its connection. Returns the last one. */
async function runRequest(
  start: (plan: RequestPlan) => ChainedRequest,
  plan: RequestPlan,
  agent: Agent,
  remaining: () => number,
): Promise<ChainedRequest> {
  const first = start(plan);
  try {
    await first.run(agent, remaining());
    return first;
  } catch (error) {
    if (first.loss === null) throw error;
  }
  throwIfAborted(plan.signal);
  const again = start(repeatedPlanOnSameHandle(first.easy, plan, first.loss));
  await again.run(agent, remaining());
  return again;
}

function withReceiveBuffer(plan: RequestPlan): RequestPlan {
  // libcurl checks the speed limit only after many buffers: large ones would exceed it by far
  if (plan.curl.get("MAX_RECV_SPEED_LARGE")) return plan;
  return { ...plan, curl: new Map([["BUFFERSIZE", RECEIVE_BUFFER], ...plan.curl]) };
}
