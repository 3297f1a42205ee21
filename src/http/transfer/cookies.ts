/**
 * Cookies without a domain, such as COOKIELIST's `Set-Cookie: a=1`. libcurl sends them to every
 * host; curlew only to the origin of the first request.
 *
 * @module
 */

import type { Easy } from "../../handles/easy/easy.ts";
import type { RequestPlan } from "../request/plan.ts";

/**
 * Deletes these cookies from a handle that is redirected to another origin. Those in a Share are
 * kept.
 */
export function forgetLooseCookies(easy: Easy, { curl }: RequestPlan): void {
  if (curl.has("SHARE") || !curl.has("COOKIEFILE")) return;
  const bound = easy.getInfo("COOKIELIST"); // does not list cookies without a domain
  easy.setOpt("COOKIELIST", "ALL");
  for (const cookie of bound) easy.setOpt("COOKIELIST", cookie);
}
