/**
 * A request and the redirects that it meets, for transfers whose body is a file's: `download` and
 * `upload`, over any of libcurl's protocols.
 *
 * @module
 */

import { clearTimeout, setTimeout } from "node:timers";
import { type Agent, endTurn } from "../../driver/agent.ts";
import { Easy } from "../../handles/easy/easy.ts";
import { onPiece } from "../../handles/callbacks/piece.ts";
import { configureHttp, configureOther, effectiveUrl } from "./configure.ts";
import { asTypeError, isAbort } from "../errors.ts";
import { HeadCollector, type HeadListener } from "../response/head.ts";
import { InfoSnapshot, type TransferInfo } from "../response/info.ts";
import {
  DISCARD_BYTES,
  DISCARD_MS,
  discarded,
  nextPlanOn,
  type Redirect,
  redirectOf,
} from "./redirect.ts";
import type { RequestPlan } from "../request/plan.ts";
import { mayBeRetried } from "./retry.ts";
import { isHttp } from "../request/url.ts";

/** What a transfer does at each of its requests. */
export interface RequestHooks {
  /** Sets what is special about the request. */
  prepare(request: ChainedRequest): void;
  /**
   * Told of each head that is no redirect; libcurl may still replace it by that of a retry. False
   * where its body is unwanted. Runs in a callback of libcurl.
   */
  onHead?(request: ChainedRequest): boolean;
  /** The request is over, and its handle can be read for the last time; `error` ended it. */
  done?(request: ChainedRequest, error: unknown): void;
}

/** How it ended. */
export interface ChainResult {
  /** The last request. */
  readonly plan: RequestPlan;
  /** Its head; `complete` is false where the protocol has none. */
  readonly head: HeadCollector;
  /** The status, or the last reply code of another protocol. */
  readonly status: number;
  readonly info: TransferInfo;
}

/** libcurl reads up to a hundred of them before anything else has its turn. */
const RECEIVE_BUFFER = 128 * 1024;

/** One of the requests. */
export class ChainedRequest implements HeadListener {
  readonly plan: RequestPlan;
  readonly easy: Easy;
  readonly head: HeadCollector = new HeadCollector(this);
  /** Where it redirects to. */
  redirect: Redirect | null = null;
  readonly #hooks: RequestHooks;
  /** Ends the request, by the caller's signal or from in here. */
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #unwanted = false;
  #discarded = 0;
  /** Where it runs. */
  #agent: Agent | null = null;

  /** Makes a request on a fresh or reset handle. */
  constructor(plan: RequestPlan, easy: Easy, hooks: RequestHooks) {
    this.plan = plan;
    this.easy = easy;
    this.#hooks = hooks;
  }

  /** Runs it. Throws `TypeError`, or the signal's reason. */
  async run(agent: Agent, remainingMs: number): Promise<void> {
    const { easy, plan } = this, { signal } = plan;
    const onAbort = () => this.#abort.abort(signal?.reason);
    let failure: unknown;
    try {
      (isHttp(plan.url) ? configureHttp : configureOther)(easy, plan, remainingMs);
      easy.setOpt("HEADERFUNCTION", onPiece((line) => this.head.addLine(line)));
      this.#discardBody();
      this.#hooks.prepare(this);
      signal?.addEventListener("abort", onAbort);
      this.#agent = agent;
      await agent.perform(easy, { signal: this.#abort.signal });
    } catch (error) {
      failure = error;
      if (signal?.aborted || !this.#onlyDiscardsBody()) throw this.#reason(error);
    } finally {
      this.#agent = null;
      clearTimeout(this.#timer);
      signal?.removeEventListener("abort", onAbort);
      this.#hooks.done?.(this, failure);
    }
  }

  /** A head is there. */
  onHead(): void {
    this.redirect = redirectOf(this.head, this.plan);
    this.#unwanted = this.redirect !== null || this.#hooks.onHead?.(this) === false;
    if (!this.#unwanted) return;
    this.#discardBody(); // an earlier head may have let it go elsewhere
    if (!mayBeRetried(this.head.status, this.plan)) {
      this.#timer ??= setTimeout(() => this.stop(undefined), DISCARD_MS);
    }
  }

  /** Whether all that is missing is a body that nobody wants. */
  #onlyDiscardsBody(): boolean {
    const isLast = !mayBeRetried(this.head.status, this.plan) || this.#discarded > DISCARD_BYTES;
    return this.#unwanted && isLast;
  }

  #discardBody(): void {
    this.easy.setOpt("WRITEFUNCTION", (bytes) => this.#countDiscarded(bytes.length));
  }

  #countDiscarded(length: number): number {
    if (!this.#unwanted) return length;
    return discarded(this.#discarded += length, length);
  }

  /** Goes on after a pause. */
  resume(action: number): void {
    if (!this.#agent) return;
    try {
      this.easy.pause(action);
    } catch (error) {
      this.stop(error); // what libcurl had kept was refused
    }
  }

  /** A stream is to have its say before more goes on. */
  yieldTurn(): void {
    if (this.#agent) endTurn(this.#agent);
  }

  /** Ends it; it fails with that error. */
  stop(error: unknown): void {
    this.#abort.abort(error);
  }

  #reason(error: unknown): unknown {
    const { signal, url } = this.plan;
    return isAbort(error, signal) ? error : asTypeError(error, url);
  }
}

/** Runs a plan to its last response. `remaining` gives what is left of the timeout. */
export async function runChain(
  first: RequestPlan,
  agent: Agent,
  remaining: () => number,
  hooks: RequestHooks,
): Promise<ChainResult> {
  let plan = withReceiveBuffer(first);
  using easy = new Easy(); // one for all of them: it keeps the cookies
  for (let redirects = 0;; redirects++) {
    plan.signal?.throwIfAborted();
    const request = new ChainedRequest(plan, easy, hooks);
    await request.run(agent, remaining());
    const { head, redirect } = request;
    plan = { ...plan, url: effectiveUrl(easy, plan) };
    if (!redirect) {
      const { info } = new InfoSnapshot(request, redirects);
      return { plan, head, info, status: easy.getInfo("RESPONSE_CODE") };
    }
    plan = nextPlanOn(easy, plan, redirect, redirects);
  }
}

function withReceiveBuffer(plan: RequestPlan): RequestPlan {
  if (plan.curl.MAX_RECV_SPEED_LARGE) return plan; // many buffers may be filled before it is kept
  return { ...plan, curl: { BUFFERSIZE: RECEIVE_BUFFER, ...plan.curl } };
}
