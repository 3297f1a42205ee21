/**
 * Retries by libcurl: for some responses it sends the request again, with credentials or without
 * Expect, and the next response is the one that counts.
 *
 * @module
 */

import type { FinalHead } from "../../handles/core/easy_settings.ts";
import { hasAny } from "../request/curl_options.ts";
import type { RequestPlan } from "../request/plan.ts";
import { hasCredentials } from "../request/url.ts";
import type { HeadCollector } from "../response/head.ts";

/** Options that may provide the credentials that a 401 asks for. */
const ANSWERS_401: ReadonlySet<string> = new Set([
  "USERPWD",
  "USERNAME",
  "PASSWORD",
  "XOAUTH2_BEARER",
  "NETRC",
]);

/**
 * Whether libcurl may send the request again after a response with that status, instead of passing
 * on its body.
 */
export function mayBeRetried(status: number, { url, curl }: RequestPlan): boolean {
  if (status === 407 || status === 417) return true;
  if (status !== 401) return false;
  return hasCredentials(url) || hasAny(curl, ANSWERS_401);
}

/** The statuses whose answers have no body, whatever their headers say. */
const NO_BODY: ReadonlySet<number> = new Set([204, 304]);

/** The head of an answer, once it is the one that counts: what the driver asks for. */
export function finalHeadOf(head: HeadCollector, plan: RequestPlan): FinalHead | null {
  const { complete, status } = head;
  if (!complete || status < 200 || mayBeRetried(status, plan)) return null;
  const isChunked = /\bchunked\b/i.test(head.list("transfer-encoding"));
  const willClose = /\bclose\b/i.test(head.list("connection"));
  return { hasBody: !NO_BODY.has(status), endsWithChunk: isChunked && !willClose };
}
