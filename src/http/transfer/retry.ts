/**
 * Which responses libcurl may answer itself.
 *
 * @module
 */

import { hasAny } from "../request/curl_options.ts";
import type { RequestPlan } from "../request/plan.ts";
import { hasCredentials } from "../request/url.ts";

/** Any of these may bring credentials that a 401 asks for. */
const ANSWERS_401: ReadonlySet<string> = new Set([
  "USERPWD",
  "USERNAME",
  "PASSWORD",
  "XOAUTH2_BEARER",
  "NETRC",
]);

/**
 * Whether libcurl may ask once more before it gives anybody the body: with credentials, or without
 * Expect.
 */
export function mayBeRetried(status: number, { url, curl }: RequestPlan): boolean {
  if (status === 407 || status === 417) return true;
  if (status !== 401) return false;
  return hasCredentials(url) || hasAny(curl, ANSWERS_401);
}
