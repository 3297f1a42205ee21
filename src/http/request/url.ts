/**
 * What is done with URLs.
 *
 * @module
 */

import type { Easy } from "../../handles/easy/easy.ts";
import { hasAny } from "./curl_options.ts";
import type { RequestPlan } from "./plan.ts";

/** Whether a URL is one that has heads and redirects. */
export function isHttp(url: URL): boolean {
  return url.protocol === "http:" || url.protocol === "https:";
}

/** A URL without credentials and fragment. */
export function bareUrl(url: URL): string {
  if (!url.href.includes("#") && !hasCredentials(url)) return url.href;
  const bare = new URL(url);
  bare.hash = bare.username = bare.password = "";
  return bare.href;
}

/** Whether a URL has a user or a password in it. The engines take time for each of its parts. */
export function hasCredentials(url: URL): boolean {
  return url.href.includes("@") && (url.username !== "" || url.password !== "");
}

/** Any of these may bring a list of hosts that are only spoken to by TLS. */
const HSTS: ReadonlySet<string> = new Set(["HSTS", "HSTS_CTRL", "HSTSREADFUNCTION", "SHARE"]);

/** The URL that libcurl asked for: HSTS turns http into https. */
export function askedUrl(easy: Easy, { url, curl }: RequestPlan): URL {
  if (!hasAny(curl, HSTS) || url.protocol !== "http:") return url;
  if (!easy.getInfo("EFFECTIVE_URL")?.startsWith("https:")) return url;
  const upgraded = new URL(url);
  upgraded.protocol = "https:";
  return upgraded;
}
