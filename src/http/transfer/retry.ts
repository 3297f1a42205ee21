/**
 * Retries by libcurl: after some responses it sends the request again, with credentials or without
 * Expect, and only the next response is final. Where a kept connection ends before the response, it
 * sends the request again on another one.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { easyOptions } from "../../../ffi/curl/options.ts";
import { Code, easyCodeOf } from "../../errors.ts";
import type { EasyState } from "../../handles/core/easy_state.ts";
import type { FinalHead } from "../../handles/core/receive_settings.ts";
import type { Easy, EasyOptions } from "../../handles/easy/easy.ts";
import { isKnown, oddities } from "../../libcurl_versions.ts";
import { networkError } from "../errors.ts";
import { hasAny } from "../request/curl_options.ts";
import type { RequestPlan } from "../request/plan.ts";
import { hasCredentials } from "../request/url.ts";
import type { HeadCollector } from "../response/head.ts";
import { LOST_STREAM, mayBeSentTwice, unsafeError } from "./lost.ts";

/** Options that may provide the credentials for a 401. */
const ANSWERS_401: ReadonlySet<string> = new Set([
  "USERPWD",
  "USERNAME",
  "PASSWORD",
  "XOAUTH2_BEARER",
  "NETRC",
]);

/**
 * Whether libcurl may send the request again after a response with that status, instead of passing
 * its body on.
 */
export function mayBeRetried(status: number, { url, curl }: RequestPlan): boolean {
  if (status === 407 || status === 417) return true;
  if (status !== 401) return false;
  return hasCredentials(url) || hasAny(curl, ANSWERS_401);
}

/**
 * Makes a transfer fail where libcurl is about to send its request for the second time without a
 * response to the first one: the server may have executed it. libcurl does so where a kept
 * connection has ended. `head` collects the responses.
 */
export function refuseUnsafeRetry(easy: Easy, plan: RequestPlan, head: HeadCollector): void {
  if (mayBeSentTwice(plan)) return;
  const { method, curl } = plan;
  // libcurl before 7.80 does not announce a request: there it gets a connection of its own
  if (!isKnown(easyOptions.PREREQFUNCTION)) return easy.setOpt("FRESH_CONNECT", 1);
  const own = curl.get("PREREQFUNCTION") as EasyOptions["PREREQFUNCTION"];
  let received = -1;
  easy.setOpt("PREREQFUNCTION", (...args) => {
    if (head.received === received) throw unsafeError(Code.GOT_NOTHING, method);
    received = head.received;
    return own ? own(...args) : flags.CURL_PREREQFUNC_OK;
  });
}

/** The error of a body that would have to be sent again and cannot be; `null` for any other. */
export function rewindError(
  error: unknown,
  { url, body }: RequestPlan,
  head: HeadCollector,
): TypeError | null {
  if (easyCodeOf(error) !== Code.SEND_FAIL_REWIND || !body) return null;
  const why = head.received > 0
    ? "the server asks for the body again, but it was a stream"
    : LOST_STREAM;
  return networkError(url.href, why, { cause: error });
}

/**
 * Whether libcurl must receive before it sends more of a body: with `failsClosedStreams` it would
 * lose an answer that is among the bytes it has just received.
 */
export function mustReceiveFirst(easy: EasyState): boolean {
  return oddities().failsClosedStreams && (easy.multi?.observer?.isReceiving() ?? false);
}

/** The statuses whose responses have no body, whatever their headers say. */
const NO_BODY: ReadonlySet<number> = new Set([204, 304]);

/** The final head of a response, for the driver; `null` before it is complete. */
export function finalHeadOf(head: HeadCollector, plan: RequestPlan): FinalHead | null {
  const { complete, status } = head;
  if (!complete || status < 200 || mayBeRetried(status, plan)) return null;
  const isChunked = /\bchunked\b/i.test(head.list("transfer-encoding"));
  const willClose = /\bclose\b/i.test(head.list("connection"));
  return { hasBody: !NO_BODY.has(status), endsWithChunk: isChunked && !willClose };
}
