/**
 * `fetch` after the WHATWG standard, with libcurl's transfers.
 *
 * @module
 */

import { Agent } from "../driver/agent.ts";
import { fetchError, networkError } from "./errors.ts";
import { readInfo, setInfoSource } from "./info.ts";
import { matchesIntegrity } from "./integrity.ts";
import { fetchLocal } from "./local.ts";
import { MAX_REDIRECTS, redirected } from "./redirect.ts";
import { type FetchInit, planRequest, type RequestPlan } from "./request.ts";
import { type Answer, Transfer } from "./transfer.ts";

let shared: Agent | null = null;

/** The agent of fetches that name none. */
export function defaultAgent(): Agent {
  return shared ??= new Agent();
}

/**
 * Fetches a resource: {@link https://fetch.spec.whatwg.org/#fetch-method}, without CORS, and
 * with any option of libcurl. Resolves with the runtime's own `Response` when the headers have
 * come.
 *
 * @throws {TypeError} where there is no response; its `cause` is the `CurlEasyError`.
 * @throws the signal's reason where it aborted.
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
export async function fetch(
  input: string | URL | Request,
  init: FetchInit = {},
): Promise<Response> {
  const plan = await planRequest(input, init);
  plan.signal?.throwIfAborted();
  const local = await fetchLocal(plan);
  if (local) return local;
  const hops = new Hops(plan, init.agent ?? defaultAgent());
  const response = await hops.run();
  return plan.integrity === "" ? response : await checked(response, plan);
}

/** A request and the redirects that it meets. */
class Hops {
  #plan: RequestPlan;
  readonly #agent: Agent;
  readonly #started = performance.now();
  #redirects = 0;

  constructor(plan: RequestPlan, agent: Agent) {
    this.#plan = plan;
    this.#agent = agent;
  }

  async run(): Promise<Response> {
    for (;;) {
      const transfer = this.#start();
      const answer = await transfer.answer;
      if (answer.location === null) return this.#respond(transfer, answer);
      this.#follow(transfer, answer.location);
      await transfer.over; // its connection is free for the next one
    }
  }

  #start(): Transfer {
    const { timeout, signal } = this.#plan;
    signal?.throwIfAborted();
    const remaining = timeout === 0 ? 0 : timeout - (performance.now() - this.#started);
    try {
      const limit = timeout === 0 ? 0 : Math.max(remaining, 1);
      return new Transfer(this.#plan, this.#agent, limit, this.#redirects);
    } catch (error) {
      throw error instanceof TypeError ? error : fetchError(error, this.#plan.url.href);
    }
  }

  #follow(transfer: Transfer, location: string): void {
    const { url, redirect } = this.#plan;
    try {
      if (redirect === "error") throw networkError(url.href, "it redirects");
      if (this.#redirects >= MAX_REDIRECTS) {
        throw networkError(url.href, `it redirects more than ${MAX_REDIRECTS} times`);
      }
      this.#plan = redirected(this.#plan, transfer.head.status, location);
      this.#redirects++;
    } catch (error) {
      transfer.stop(error);
      throw error;
    }
  }

  #respond(transfer: Transfer, { head, body }: Answer): Response {
    const { url } = this.#plan;
    let response: Response;
    try {
      const { status, statusText, headers } = head.read();
      response = new Response(body, { status, statusText, headers });
    } catch (cause) {
      const error = new TypeError(`Cannot fetch ${url.host}: status ${head.status}`, { cause });
      transfer.stop(error);
      throw error;
    }
    setInfoSource(response, () => transfer.info ?? readInfo(transfer, transfer.redirects));
    return named(response, url, transfer.redirects > 0);
  }
}

/** Gives a response its URL, which the constructor cannot; clones have it too. */
function named(response: Response, url: URL, redirected: boolean): Response {
  const bare = new URL(url);
  bare.hash = bare.username = bare.password = "";
  const clone = () => named(Response.prototype.clone.call(response), url, redirected);
  Object.defineProperties(response, {
    url: { value: bare.href, configurable: true },
    redirected: { value: redirected, configurable: true },
    clone: { value: clone, configurable: true, writable: true },
  });
  return response;
}

/** Reads the whole body and compares its digest before anyone sees it. */
async function checked(response: Response, { integrity, url }: RequestPlan): Promise<Response> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (!await matchesIntegrity(bytes, integrity)) {
    throw networkError(url.href, "the body does not match its integrity metadata");
  }
  const { status, statusText, headers, redirected } = response;
  return named(new Response(bytes, { status, statusText, headers }), url, redirected);
}
