/**
 * Retries a request, as the option `retry` says.
 *
 * @module
 */

import { isEasyError } from "../../errors.ts";
import { isAbortOf } from "../../signals.ts";
import { isInstance, propertyOf } from "../../untrusted.ts";
import type { Deadline } from "./deadline.ts";
import { wrong } from "../shown.ts";
import type { RetryEvent, RetryPolicy } from "./policy.ts";

/** The reason why an attempt has failed. */
export interface Failure {
  /** The HTTP status, `null` if there was no response. */
  readonly status: number | null;
  /** The Retry-After of the response. */
  readonly retryAfter: string | null;
  readonly error: unknown;
  readonly response: Response | null;
}

/** A call that may be retried. */
export interface Retryable<T> {
  /** The name of the call, for error messages. */
  readonly call: string;
  readonly policy: RetryPolicy;
  readonly deadline: Deadline;
  /** The method, or an equivalent for protocols without methods. */
  readonly method: string;
  /** Whether the request can be sent once more. */
  readonly replayable: boolean;
  /** Makes the request; `attempt` is 0 for the first. */
  make(attempt: number): Promise<T>;
  /** The reason why a result is a failure, `null` if it is not. */
  failureOf(result: T): Failure | null;
  /** The reason of a failure, read from an error. */
  failureIn(error: unknown): Failure;
  /** Releases a failed result before the next attempt. */
  discard(result: T): Promise<void>;
}

/** An error without a response. */
export const plainFailure = (error: unknown): Failure => ({
  status: null,
  retryAfter: null,
  error,
  response: null,
});

/**
 * Makes a request until it succeeds or no further attempt is allowed. Returns the last result, or
 * throws the last error.
 */
export async function withRetries<T>(request: Retryable<T>): Promise<T> {
  for (let attempt = 0;; attempt++) {
    const outcome = await attemptOf(request, attempt), { failure } = outcome;
    if (!failure) return outcome.end();
    const next = attempt + 1, delay = delayOf(request, next, failure);
    if (delay === null) return outcome.end();
    const { status, error, response } = failure;
    try {
      await tell(request, { attempt: next, delay, status, error, response });
    } finally {
      await outcome.discard();
    }
    await request.deadline.pause(delay);
  }
}

interface Outcome<T> {
  readonly failure: Failure | null;
  /** Returns the result, or throws the error. */
  end(): T;
  discard(): Promise<void>;
}

async function attemptOf<T>(request: Retryable<T>, attempt: number): Promise<Outcome<T>> {
  try {
    const result = await request.make(attempt);
    return {
      failure: request.failureOf(result),
      end: () => result,
      discard: () => request.discard(result),
    };
  } catch (error) {
    const { signal } = request.deadline;
    if (isAbortOf(signal, error)) throw error;
    const failure = request.failureIn(error);
    return {
      failure,
      end() {
        throw error;
      },
      discard: () => Promise.resolve(),
    };
  }
}

async function tell<T>({ policy, deadline }: Retryable<T>, event: RetryEvent): Promise<void> {
  const result = policy.onRetry?.(event);
  if (result !== undefined) await deadline.wait(Promise.resolve(result));
}

/** The pause before the next attempt, `null` for none. */
function delayOf<T>(request: Retryable<T>, attempt: number, failure: Failure): number | null {
  const { policy, deadline } = request;
  const isOne = attempt <= policy.limit && request.replayable &&
    policy.methods.has(request.method) && isRetried(policy, failure);
  if (!isOne) return null;
  const asked = retryAfter(failure.retryAfter);
  if (asked !== null && asked > policy.maxDelay) return null;
  const delay = asked ?? Math.min(backoffOf(request, attempt), policy.maxDelay);
  return deadline.leaves(delay) ? delay : null;
}

function isRetried({ statusCodes, errors }: RetryPolicy, { status, error }: Failure): boolean {
  return status === null ? errors.has(codeIn(error)) : statusCodes.has(status);
}

/** The `CURLcode` of an error or of its causes, 0 for none. */
function codeIn(error: unknown): number {
  const cause = isInstance(error, TypeError) ? propertyOf(error, "cause") : error;
  const code = isEasyError(cause) ? propertyOf(cause, "code") : 0;
  return typeof code === "number" ? code : 0;
}

function backoffOf<T>({ policy, call }: Retryable<T>, attempt: number): number {
  const delay = policy.backoff(attempt);
  if (typeof delay === "number" && delay >= 0) return delay;
  throw wrong(call, `the result of retry.backoff(${attempt})`, "a number of ms, 0 or more", delay);
}

/**
 * The pause in ms of a Retry-After header, `null` for none: {@link
 * https://www.rfc-editor.org/rfc/rfc9110#name-retry-after}.
 */
export function retryAfter(value: string | null, now: number = Date.now()): number | null {
  const text = value?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // `Date.parse` accepts many texts that are not HTTP dates
  if (!/^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? /i.test(text)) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : Math.max(0, time - now);
}
