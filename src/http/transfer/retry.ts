/**
 * Retries by libcurl: for some responses it sends the request again, with credentials or without
 * Expect, and the next response is the one that counts.
 *
 * @module
 */

import { hasAny } from "../request/curl_options.ts";
import type { RequestPlan } from "../request/plan.ts";
import { hasCredentials } from "../request/url.ts";

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
