/**
 * The option `retry` of `download` and `upload`.
 *
 * @module
 */

import { networkError } from "../errors.ts";
import type { RequestPlan } from "../request/plan.ts";
import { isHttp } from "../request/url.ts";
import type { HeadCollector } from "../response/head.ts";
import { type Failure, plainFailure, withRetries } from "../retry/attempts.ts";
import { Deadline } from "../retry/deadline.ts";
import { readRetry, type RetryOptions } from "../retry/policy.ts";

/** A download or an upload that may be retried. */
export interface FileCall<T> {
  readonly call: "download" | "upload";
  readonly plan: RequestPlan;
  /** The option, not checked yet. */
  readonly retry: number | RetryOptions;
  readonly replayable: boolean;
  /** Returns the time left of the timeout. */
  readonly remaining: () => number;
  make(): Promise<T>;
  failureOf(result: T): Failure | null;
}

/** Protocols of mail: a mail that is sent twice arrives twice. */
const MAIL = /^(?:smtp|imap)s?:$/;

/**
 * Makes a call until it succeeds or no further attempt is allowed. Throws `TypeError` for a wrong
 * `retry`.
 */
export async function retried<T>(file: FileCall<T>): Promise<T> {
  const { call, plan, retry, replayable, remaining } = file, { url } = plan;
  return await withRetries({
    call,
    policy: readRetry(retry, null, call),
    replayable,
    method: isHttp(url) ? plan.method : MAIL.test(url.protocol) ? "POST" : "PUT",
    deadline: new Deadline(plan.timeout, remaining, plan.signal, url.href),
    make: () => file.make(),
    failureOf: (result) => file.failureOf(result),
    failureIn: (error) => refusals.get(error as object) ?? plainFailure(error),
    discard: () => Promise.resolve(),
  });
}

/** The reason of a failure, read from a response head. */
export function failureIn(head: HeadCollector): Failure {
  const { status } = head;
  return { status, retryAfter: head.get("retry-after"), error: undefined, response: null };
}

const refusals = new WeakMap<object, Failure>();

/** The error of a response whose status is not a success. */
export function refusalError(url: string, head: HeadCollector): TypeError {
  const answer = `${head.status} ${head.read().statusText}`.trim();
  const part = head.status === 206 ? ", a part that was not requested" : "";
  const error = networkError(url, `the server answered ${answer}${part}`);
  refusals.set(error, { ...failureIn(head), error });
  return error;
}
