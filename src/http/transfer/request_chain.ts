/**
 * A request and the redirects that it meets, for transfers whose body is a file's: `download` and
 * `upload`, over any of libcurl's protocols.
 *
 * @module
 */

import { clearTimeout, setTimeout } from "node:timers";
import { flags } from "../../../ffi/curl/flags.ts";
import { type Agent, endTurn } from "../../driver/agent.ts";
import { Easy } from "../../handles/easy/easy.ts";
import { onPiece } from "../../handles/callbacks/piece.ts";
import { UPLOAD_BUFFER } from "../request_body/feeder.ts";
import { askedUrl, configure, setUrl } from "./configure.ts";
import { forgetLooseCookies } from "./cookies.ts";
import { asTypeError } from "../errors.ts";
import { HeadCollector, type HeadOwner } from "../response/head.ts";
import { InfoSnapshot, type TransferInfo } from "../response/info.ts";
import { DISCARD_BYTES, DISCARD_MS, isRedirect, nextPlan } from "./redirect.ts";
import type { RequestPlan } from "../request/plan.ts";
import { mayBeRetried } from "./retry.ts";
import { isHttp } from "../request/url.ts";

const { CURL_WRITEFUNC_ERROR } = flags;

/** What a transfer does at each of its requests. */
export interface HopRules {
  /** Sets what is special about the request. */
  prepare(hop: Hop): void;
  /**
   * Told of each head that is no redirect; libcurl may still replace it by that of a retry. False
   * where its body is unwanted. Runs in a callback of libcurl.
   */
  onHead?(hop: Hop): boolean;
  /** The request is over, and its handle can be read for the last time; `error` ended it. */
  done?(hop: Hop, error: unknown): void;
}

/** How it ended. */
export interface HopsEnd {
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
export class Hop implements HeadOwner {
  readonly plan: RequestPlan;
  readonly easy: Easy;
  readonly head: HeadCollector = new HeadCollector(this);
  /** Where it redirects to. */
  location: string | null = null;
  readonly #rules: HopRules;
  /** Ends the request, by the caller's signal or from in here. */
  readonly #end = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #unwanted = false;
  #discarded = 0;
  /** Where it runs. */
  #agent: Agent | null = null;

  /** Makes a request on a fresh or reset handle. */
  constructor(plan: RequestPlan, easy: Easy, rules: HopRules) {
    this.plan = plan;
    this.easy = easy;
    this.#rules = rules;
  }

  /** Runs it. Throws `TypeError`, or the signal's reason. */
  async run(agent: Agent, remainingMs: number): Promise<void> {
    const { easy, plan } = this, { signal } = plan;
    const onAbort = () => this.#end.abort(signal?.reason);
    let failure: unknown;
    try {
      setUp(easy, plan, remainingMs);
      easy.setOpt("HEADERFUNCTION", onPiece((line) => this.head.take(line)));
      this.#keepInJs();
      this.#rules.prepare(this);
      signal?.addEventListener("abort", onAbort);
      this.#agent = agent;
      await agent.perform(easy, { signal: this.#end.signal });
    } catch (error) {
      failure = error;
      if (signal?.aborted || !this.#isEnough()) throw this.#reason(error);
    } finally {
      this.#agent = null;
      clearTimeout(this.#timer);
      signal?.removeEventListener("abort", onAbort);
      this.#rules.done?.(this, failure);
    }
  }

  /** A head is there. */
  onHead(): void {
    const { status } = this.head, location = this.head.get("location");
    const { url, redirect } = this.plan;
    const goesOn = isHttp(url) && redirect !== "manual" && isRedirect(status, location);
    this.location = goesOn ? location : null;
    this.#unwanted = goesOn || this.#rules.onHead?.(this) === false;
    if (!this.#unwanted) return;
    this.#keepInJs(); // an earlier head may have let it go elsewhere
    if (!mayBeRetried(status, this.plan)) {
      this.#timer ??= setTimeout(() => this.stop(undefined), DISCARD_MS);
    }
  }

  /** Whether all that is missing is a body that nobody wants. */
  #isEnough(): boolean {
    const isLast = !mayBeRetried(this.head.status, this.plan) || this.#discarded > DISCARD_BYTES;
    return this.#unwanted && isLast;
  }

  #keepInJs(): void {
    this.easy.setOpt("WRITEFUNCTION", (bytes) => this.#discard(bytes.length));
  }

  #discard(length: number): number {
    if (!this.#unwanted) return length;
    this.#discarded += length;
    return this.#discarded > DISCARD_BYTES ? CURL_WRITEFUNC_ERROR : length;
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
    this.#end.abort(error);
  }

  #reason(error: unknown): unknown {
    const { signal, url } = this.plan;
    return signal?.aborted && error === signal.reason ? error : asTypeError(error, url);
  }
}

function setUp(easy: Easy, plan: RequestPlan, remainingMs: number): void {
  if (isHttp(plan.url)) return configure(easy, plan, remainingMs);
  setUrl(easy, plan.url);
  if (remainingMs > 0) easy.setOpt("TIMEOUT_MS", Math.ceil(remainingMs));
  if (plan.connectTimeout !== undefined) {
    easy.setOpt("CONNECTTIMEOUT_MS", Math.ceil(plan.connectTimeout));
  }
  easy.setOpt("FAILONERROR", 1); // through an HTTP proxy a refusal is no file
  easy.setOpts(plan.curl);
  if (!plan.body) return;
  easy.setOpt("UPLOAD", 1);
  easy.setOpt("UPLOAD_BUFFERSIZE", UPLOAD_BUFFER);
  if (plan.bodyLength !== null) easy.setOpt("INFILESIZE_LARGE", plan.bodyLength);
}

/** Runs a plan to its last response. `remaining` gives what is left of the timeout. */
export async function runHops(
  first: RequestPlan,
  agent: Agent,
  remaining: () => number,
  rules: HopRules,
): Promise<HopsEnd> {
  let plan = withBuffer(first);
  using easy = new Easy(); // one for all of them: it keeps the cookies
  for (let redirects = 0;; redirects++) {
    plan.signal?.throwIfAborted();
    const hop = new Hop(plan, easy, rules);
    await hop.run(agent, remaining());
    const { head, location } = hop;
    plan = { ...plan, url: askedUrl(easy, plan) };
    if (location === null) {
      const { info } = new InfoSnapshot(hop, redirects);
      return { plan, head, info, status: easy.getInfo("RESPONSE_CODE") };
    }
    const next = nextPlan(plan, head, location, redirects);
    startOver(easy, plan, next);
    plan = next;
  }
}

/** Readies a handle for the request after a redirect. Throws `TypeError` where it cannot be. */
export function startOver(easy: Easy, plan: RequestPlan, next: RequestPlan): void {
  try {
    if (next.url.origin !== plan.url.origin) forgetLooseCookies(easy, next);
    easy.reset();
  } catch (error) {
    throw asTypeError(error, next.url); // it is part of a STREAM_DEPENDS tree
  }
}

function withBuffer(plan: RequestPlan): RequestPlan {
  if (plan.curl.MAX_RECV_SPEED_LARGE) return plan; // many buffers may be filled before it is kept
  return { ...plan, curl: { BUFFERSIZE: RECEIVE_BUFFER, ...plan.curl } };
}
