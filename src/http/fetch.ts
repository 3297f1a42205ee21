/**
 * `fetch` of the WHATWG standard, with transfers of libcurl.
 *
 * @module
 */

import type { Agent } from "../driver/agent.ts";
import { throwIfAborted } from "../signals.ts";
import { isInstance } from "../untrusted.ts";
import { agentOf } from "./default_agent.ts";
import { checkStatus, errorOfCall, fetchError, isTypeError, networkError } from "./errors.ts";
import type { BodyStream } from "./response/body_stream.ts";
import { matchesIntegrity } from "./response/integrity.ts";
import { fetchLocal, type LocalResponse } from "./local/local.ts";
import { untilAborted } from "./local/until_aborted.ts";
import { countdown } from "./transfer/countdown.ts";
import { withoutListedCookies } from "./transfer/cookies.ts";
import { repeatedPlan } from "./transfer/lost.ts";
import { nextPlan, type Redirect } from "./transfer/redirect.ts";
import { type FetchInit, planRequest, readInit, type RequestPlan } from "./request/plan.ts";
import { makeResponse, type ResponseParts } from "./response/response.ts";
import { type Body, bodyOf, wholeBody } from "./response/whole_body.ts";
import { type ResponseStart, Transfer } from "./transfer/transfer.ts";

/**
 * Fetches a resource as {@link https://fetch.spec.whatwg.org/#fetch-method} says, without CORS, and
 * with any option of libcurl. Resolves with the runtime's own `Response` when the headers have
 * arrived.
 *
 * @throws {TypeError} if there is no response; its `cause` is the `CurlEasyError`.
 * @throws the signal's reason if it was aborted.
 *
 * @example
 * ```ts
 * import { fetch } from "curlew";
 *
 * const response = await fetch("https://example.com/", {
 *   timeout: 10_000,
 *   curl: { PROXY: "socks5h://127.0.0.1:1080" },
 * });
 * console.log(response.status, await response.text());
 * ```
 */
export const fetch: Fetch = Object.assign(
  async function fetch(
    input: string | URL | Request | PlannedRequest,
    init?: FetchInit | RequestInit,
  ): Promise<Response> {
    // one function for both cases: an async wrapper would cost each small fetch 3 µs on Deno
    const { plan: planned, agent } = planOf(input, init as FetchInit | undefined);
    const plan = isInstance(planned, Promise) ? await planned : planned;
    try {
      throwIfAborted(plan.signal);
      const local = fetchLocal(plan);
      if (local) return await localResponse(local, plan);
      const loop = new RedirectLoop(plan, agentOf(agent));
      for (;;) {
        const transfer = loop.start();
        let response: ResponseStart;
        try {
          response = await transfer.responseStart;
        } catch (error) {
          loop.repeat(transfer, error);
          continue;
        }
        if (!response.redirect) return await loop.respond(transfer, response);
        await loop.follow(transfer, response, response.redirect);
      }
    } catch (error) {
      plan.body?.cancel(error);
      throw errorOfCall(error, fetch);
    }
  },
  { preconnect },
);

/** A request whose arguments were already read. Not exported, so that no caller can pass one. */
class PlannedRequest {
  readonly plan: RequestPlan;
  readonly agent: Agent | undefined;

  constructor(plan: RequestPlan, agent: Agent | undefined) {
    this.plan = plan;
    this.agent = agent;
  }
}

interface Planned {
  readonly plan: RequestPlan | Promise<RequestPlan>;
  readonly agent: Agent | undefined;
}

function planOf(input: string | URL | Request | PlannedRequest, init?: FetchInit): Planned {
  if (typeof input !== "string" && isInstance(input, PlannedRequest)) return input;
  const members = readInit(init);
  return { plan: planRequest(input, members), agent: members.agent };
}

/** Makes the request of a plan, and follows its redirects. Throws what `fetch` throws. */
export function runPlan(plan: RequestPlan, agent: Agent | undefined): Promise<Response> {
  return fetch(new PlannedRequest(plan, agent) as never);
}

/** The type of `fetch`: compatible with the type of the runtime's own `fetch`. */
export interface Fetch {
  /** With the runtime's own options, of which those of the standard have an effect. */
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** With curlew's options. */
  (input: string | URL | Request, init?: FetchInit): Promise<Response>;
  /**
   * Does nothing, although the standard calls it a hint: libcurl does not give a request a
   * connection that was opened without a request.
   *
   * @throws {TypeError} for an invalid URL.
   */
  preconnect(url: string | URL, options?: object): void;
}

/** `fetch.preconnect`. */
export function preconnect(url: string | URL, _options?: object): void {
  if (!URL.canParse(url)) throw new TypeError("Cannot preconnect: invalid URL");
}

/** Makes a request and follows its redirects, with a transfer for each. */
class RedirectLoop {
  #plan: RequestPlan;
  readonly #agent: Agent;
  readonly #remaining: () => number;
  #redirects = 0;
  /** The plan of the next request where it is the last one again, `null` otherwise. */
  #repeated: RequestPlan | null = null;

  constructor(plan: RequestPlan, agent: Agent) {
    this.#plan = plan;
    this.#agent = agent;
    this.#remaining = countdown(plan.timeout);
  }

  start(): Transfer {
    throwIfAborted(this.#plan.signal);
    const plan = this.#repeated ?? this.#plan;
    this.#repeated = null;
    try {
      return new Transfer(plan, this.#agent, this.#remaining(), this.#redirects);
    } catch (error) {
      throw isTypeError(error) ? error : fetchError(error, this.#plan.url.href);
    }
  }

  /** Makes a request that was lost with its connection the next one. Throws any other error. */
  repeat({ loss }: Transfer, error: unknown): void {
    if (loss === null) throw error;
    this.#repeated = repeatedPlan(this.#plan, loss);
  }

  /** Makes the target of a redirect the next request. */
  async follow(transfer: Transfer, { url }: ResponseStart, redirect: Redirect): Promise<void> {
    const { body } = this.#plan;
    let next: RequestPlan;
    try {
      next = nextPlan({ ...this.#plan, url }, redirect, this.#redirects);
    } catch (error) {
      transfer.stop(error);
      throw error;
    }
    if (next.body !== body) body?.cancel(undefined);
    this.#redirects++;
    await transfer.discard(); // so that the next request can use its connection
    const curl = withoutListedCookies(next.curl);
    this.#plan = { ...next, curl, cookies: transfer.cookies };
  }

  respond(transfer: Transfer, { head, sink, url }: ResponseStart): Response | Promise<Response> {
    const { signal } = this.#plan, { status, statusText } = head;
    try {
      throwIfAborted(signal);
      checkStatus(status, url.href);
      const redirected = transfer.redirects > 0, info = () => transfer.info;
      const parts: ResponseParts = {
        status,
        statusText,
        fields: head.fields,
        headers: undefined,
        url,
        type: "basic",
        redirected,
        info,
        sink,
      };
      return responseOf(sink && bodyOf(sink, signal), parts, this.#plan);
    } catch (error) {
      transfer.stop(error);
      throw error;
    }
  }
}

function responseOf(
  body: Body,
  parts: ResponseParts,
  plan: RequestPlan,
): Response | Promise<Response> {
  return plan.integrity === "" ? makeResponse(body, parts) : checkedResponse(body, parts, plan);
}

/** Compares the whole body with the integrity metadata before the caller gets it. */
async function checkedResponse(
  body: Body,
  parts: ResponseParts,
  { integrity, signal }: RequestPlan,
): Promise<Response> {
  const bytes = await new Response(body).bytes();
  const matches = await matchesIntegrity(bytes, integrity);
  throwIfAborted(signal);
  if (!matches) {
    throw networkError(parts.url.href, "the body does not match its integrity metadata");
  }
  return makeResponse(body && wholeBody(bytes, signal), parts);
}

function localResponse(
  { body, ...head }: LocalResponse,
  plan: RequestPlan,
): Response | Promise<Response> {
  const { url, signal } = plan;
  const rest = {
    headers: undefined,
    url,
    type: "default",
    redirected: false,
    info: null,
    sink: null,
  };
  return responseOf(body && localBody(body, signal), { ...head, ...rest }, plan);
}

/** The content of a local URL, which fails when the signal aborts. */
function localBody(content: Blob | Uint8Array<ArrayBuffer>, signal: AbortSignal | null): Body {
  if (!isInstance(content, Blob)) return wholeBody(content, signal);
  const stream = new Response(content).body as BodyStream;
  return signal ? untilAborted(stream, signal) : stream;
}
