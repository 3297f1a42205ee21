/**
 * Lost requests: those that end with their kept connection, which a server may close at any time,
 * before any byte of an answer.
 *
 * libcurl sends such a request again where it notices the end by receiving, and not where its
 * sending fails first, as with most bodies of 1 MB or more, nor for most streams of HTTP/2. There
 * curlew sends it again, once, if it may be sent twice; otherwise the error says why it was not.
 *
 * @module
 */

import { Code, CurlEasyError, easyCodeOf } from "../../errors.ts";
import type { Easy } from "../../handles/easy/easy.ts";
import { isAborted } from "../../signals.ts";
import { messageOf } from "../../untrusted.ts";
import { asTypeError, networkError } from "../errors.ts";
import type { RequestPlan } from "../request/plan.ts";
import { isHttp } from "../request/url.ts";
import type { HeadCollector } from "../response/head.ts";
import { InfoSnapshot } from "../response/info.ts";
import { withoutLoadedCookies } from "./cookies.ts";

/** The methods whose request may be sent twice, by RFC 9110. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/**
 * The codes for streams of HTTP/2 whose connection has ended: 7.88 says that a part of a file is
 * missing even where nothing has arrived.
 */
const STREAM_ENDED: ReadonlySet<number> = new Set([Code.HTTP2, Code.PARTIAL_FILE]);

/** The codes with which libcurl reports that a connection has ended. */
const ENDED: ReadonlySet<number> = new Set([
  ...[Code.SEND_ERROR, Code.RECV_ERROR, Code.GOT_NOTHING],
  ...STREAM_ENDED,
]);

/** A request whose transfer has failed; its handle still has the infos of the transfer. */
interface FailedRequest {
  readonly plan: RequestPlan;
  readonly head: HeadCollector;
  readonly easy: Easy;
  /** Why curlew itself has ended the transfer. */
  readonly failure: { readonly error: unknown } | null;
}

/** Whether the server may get the request twice, if it was lost after it had arrived. */
export function mayBeSentTwice({ method, retryUnsafe }: RequestPlan): boolean {
  return retryUnsafe || IDEMPOTENT.has(method);
}

/** What the error of a failed transfer says about its request. */
interface Examined {
  /** The error where the request was lost and is to be sent again, `null` otherwise. */
  readonly loss: unknown;
  /** The error for the caller, which says of a lost request why it is not sent again. */
  readonly reason: unknown;
}

/** Examines the error of a failed transfer; `end` has the infos at its end. */
export function examined(error: unknown, request: FailedRequest, end?: InfoSnapshot): Examined {
  const { plan } = request;
  if (plan.isRepeat || !isLost(error, request, end)) return { loss: null, reason: error };
  const { url, method, body } = plan;
  if (body?.replayable === false) {
    return { loss: null, reason: networkError(url.href, LOST_STREAM, { cause: error }) };
  }
  if (mayBeSentTwice(plan)) return { loss: error, reason: error };
  return { loss: null, reason: unsafeError(easyCodeOf(error), method, ` (${messageOf(error)})`) };
}

function isLost(error: unknown, request: FailedRequest, end?: InfoSnapshot): boolean {
  const { plan: { url, signal }, head, failure } = request;
  if (failure || !isHttp(url) || !ENDED.has(easyCodeOf(error))) return false;
  // an abort, or an exception of a callback: the end of the connection is not the reason
  if (signal && isAborted(signal) || Object.hasOwn(error as CurlEasyError, "cause")) return false;
  const { madeConnection, info } = end ?? new InfoSnapshot(request, 0);
  return !madeConnection && head.received === 0 && info.bytesIn === 0;
}

/** Why a stream is not sent again. */
export const LOST_STREAM =
  "the connection was lost before the answer, and the body was a stream, which is sent once";

/** The error of a request that may not be sent twice; `how` is what libcurl says about its end. */
export function unsafeError(code: number, method: string, how = ""): CurlEasyError {
  const text = `The connection was lost before the answer${how}. A ${method} may have had its ` +
    `effect, so it is not sent again unless retryUnsafe is true`;
  return new CurlEasyError(code, text);
}

/** The plan of a lost request that is sent again; `error` is that of its transfer. */
export function repeatedPlan(plan: RequestPlan, error: unknown): RequestPlan {
  // all streams of a connection are lost together, and can share the next one; of the kept
  // connections of HTTP/1 a server that was restarted has ended all
  if (STREAM_ENDED.has(easyCodeOf(error))) return { ...plan, isRepeat: true };
  return { ...plan, isRepeat: true, curl: new Map([...plan.curl, ["FRESH_CONNECT", 1]]) };
}

/** Like {@linkcode repeatedPlan}, and resets the handle, which has the cookies of the plan. */
export function repeatedPlanOnSameHandle(
  easy: Easy,
  plan: RequestPlan,
  error: unknown,
): RequestPlan {
  const repeated = repeatedPlan(plan, error);
  try {
    easy.reset();
  } catch (cause) {
    throw asTypeError(cause, plan.url); // `reset()` refuses a handle in a STREAM_DEPENDS tree
  }
  return { ...repeated, curl: withoutLoadedCookies(repeated.curl) };
}
