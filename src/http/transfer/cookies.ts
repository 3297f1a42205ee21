/**
 * The cookies of options after a redirect. What COOKIELIST and COOKIEFILE have loaded, responses may
 * have replaced or deleted, so neither is set again for the next request.
 *
 * Cookies without a domain, such as COOKIELIST's `Set-Cookie: a=1`, are loose: older libcurls send
 * them to every host; curlew only to the origin of the first request.
 *
 * @module
 */

import type { Easy } from "../../handles/easy/easy.ts";
import type { CurlOptions } from "../request/curl_options.ts";
import type { RequestPlan } from "../request/plan.ts";

/** The options for a handle that has the cookies of a request before. */
export function withoutLoadedCookies(curl: CurlOptions): CurlOptions {
  if (!curl.has("COOKIELIST") && !curl.has("COOKIEFILE")) return curl;
  const kept = new Map(curl);
  kept.delete("COOKIELIST");
  return kept.set("COOKIEFILE", ""); // keeps the engine on
}

/**
 * The options for a new handle that will get the cookies which a handle before lists. It does not
 * list loose ones, so those of COOKIELIST stay in the options.
 */
export function withoutListedCookies(curl: CurlOptions): CurlOptions {
  const kept = withoutLoadedCookies(curl), loose = curl.get("COOKIELIST");
  const isLoose = typeof loose === "string" && /^set-cookie:/i.test(loose) && !DOMAIN.test(loose);
  return isLoose ? new Map([...kept, ["COOKIELIST", loose]]) : kept;
}

const DOMAIN = /;\s*domain\s*=/i;

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
