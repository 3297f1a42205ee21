/**
 * Runs a call that has retries or hooks.
 *
 * @module
 */

import type { Agent } from "../../driver/agent.ts";
import { isInstance } from "../../untrusted.ts";
import { runPlan } from "../fetch.ts";
import type { HeaderEntry } from "../request/headers.ts";
import { type RequestPlan, withChanges } from "../request/plan.ts";
import { plainFailure, type Retryable, withRetries } from "../retry/attempts.ts";
import { Deadline } from "../retry/deadline.ts";
import type { RetryPolicy } from "../retry/policy.ts";
import { wrong } from "../shown.ts";
import type { HookContext, HookLists } from "./hooks.ts";

/** A call whose arguments were read. */
export interface Call {
  readonly plan: RequestPlan;
  readonly agent: Agent | undefined;
  readonly retry: RetryPolicy | null;
  readonly hooks: HookLists;
  /** Returns the time left of the timeout. */
  readonly remaining: () => number;
  /** Returns a response, or throws the error for its status. */
  check(response: Response): Response;
}

/** Runs a call. Throws the errors of `fetch`, of `check` and of hooks. */
export async function runCall(call: Call): Promise<Response> {
  const run = new CallRun(call);
  try {
    return call.check(await run.response());
  } catch (error) {
    throw await run.errorOf(error);
  }
}

class CallRun {
  readonly #call: Call;
  readonly #deadline: Deadline;
  #context: HookContext;
  /** The exception of a hook, after which no further attempt is made. */
  #thrown: { readonly error: unknown } | null = null;

  constructor(call: Call) {
    const { plan, remaining } = call;
    this.#call = call;
    this.#deadline = new Deadline(plan.timeout, remaining, plan.signal, plan.url.href);
    this.#context = contextOf(plan, 0);
  }

  response(): Promise<Response> {
    const { plan, retry } = this.#call;
    if (!retry) return this.#attempt(0);
    const request: Retryable<Response> = {
      call: "fetch",
      policy: retry,
      deadline: this.#deadline,
      method: plan.method,
      replayable: plan.body?.replayable ?? true,
      make: (attempt) => this.#attempt(attempt),
      failureOf: (response) => ({
        status: response.status,
        retryAfter: response.headers.get("retry-after"),
        error: undefined,
        response,
      }),
      failureIn: (error) => plainFailure(this.#thrown?.error === error ? undefined : error),
      discard,
    };
    return withRetries(request);
  }

  async #attempt(attempt: number): Promise<Response> {
    const { plan, agent, hooks } = this.#call;
    const context = this.#context = contextOf(plan, attempt);
    const early = await this.#beforeRequest(context);
    if (early) return await this.#afterResponse(early, context);
    const changed = hooks.request.length === 0 ? plan : changedPlan(plan, context);
    const response = await runPlan({ ...changed, timeout: this.#call.remaining() }, agent);
    return await this.#afterResponse(response, context);
  }

  async #beforeRequest(context: HookContext): Promise<Response | null> {
    const { plan, hooks } = this.#call;
    try {
      for (const hook of hooks.request) {
        const response = await this.#run("request", () => hook(context));
        if (!response) continue;
        plan.body?.cancel(undefined);
        return response;
      }
      return null;
    } catch (error) {
      plan.body?.cancel(error);
      throw error;
    }
  }

  async #afterResponse(response: Response, context: HookContext): Promise<Response> {
    let last = response;
    try {
      for (const hook of this.#call.hooks.response) {
        last = await this.#run("response", () => hook(last, context)) ?? last;
      }
      return last;
    } catch (error) {
      await discard(last);
      throw error;
    }
  }

  /** Runs a hook. Its result is a response or nothing. */
  async #run(name: "request" | "response", hook: () => unknown): Promise<Response | null> {
    try {
      const given = hook();
      const result = given === undefined
        ? undefined
        : await this.#deadline.wait(Promise.resolve(given));
      if (result === undefined) return null;
      if (isInstance(result, Response)) return result;
      throw wrong("fetch", `the result of hooks.${name}`, "a Response or undefined", result);
    } catch (error) {
      this.#thrown = { error };
      throw error;
    }
  }

  /** The error to reject with, after the hooks for errors. */
  async errorOf(error: unknown): Promise<unknown> {
    let last = error;
    for (const hook of this.#call.hooks.error) {
      const result: unknown = await hook(last, this.#context);
      if (result === undefined) continue;
      if (isInstance(result, Error)) last = result;
      else return wrong("fetch", "the result of hooks.error", "an Error or undefined", result);
    }
    return last;
  }
}

/** Releases a response that is not used. A body that a hook is reading is left alone. */
function discard(response: Response): Promise<void> {
  const nothing = () => {};
  // not awaited: it ends with the transfer
  if (!response.bodyUsed) response.body?.cancel().then(nothing, nothing);
  return Promise.resolve();
}

function contextOf(plan: RequestPlan, attempt: number): HookContext {
  const { url, method } = plan;
  return Object.freeze({ url: new URL(url), headers: headersOf(plan.headers), method, attempt });
}

function headersOf(entries: readonly HeaderEntry[]): Headers {
  return new Headers(entries.filter((entry): entry is [string, string] => entry[1] !== null));
}

/** The plan with the URL and headers after the hooks. */
function changedPlan(plan: RequestPlan, { url, headers }: HookContext): RequestPlan {
  return withChanges(plan, new URL(url.href), changedHeaders(plan.headers, headers));
}

/** The entries in their order and letter case, with the values of those that were changed. */
function changedHeaders(entries: readonly HeaderEntry[], changed: Headers): HeaderEntry[] {
  const before = headersOf(entries);
  const kept = entries.filter(([name, value]) =>
    value === null ? !changed.has(name) : changed.get(name) === before.get(name)
  );
  const added = [...changed].filter(([name, value]) => value !== before.get(name));
  return [...kept, ...added.map(([name, value]): HeaderEntry => [name, value])];
}
