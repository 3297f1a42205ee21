/**
 * The Cookie header of a request that uses libcurl's cookie engine.
 *
 * libcurl writes the cookies of its engine as a header of their own, even if HTTPHEADER has a
 * Cookie. RFC 6265 (5.4) allows one Cookie header, so the caller's Cookie becomes the option
 * COOKIE, whose value libcurl appends to the engine's header.
 *
 * @module
 */

import { type HeaderEntry, onWire, withoutHeaders } from "./headers.ts";
import type { RequestPlan } from "./plan.ts";
import { hasAny } from "./curl_options.ts";

const COOKIE: ReadonlySet<string> = new Set(["cookie"]);
/** Options that enable the cookie engine, or attach the cookies of another handle. */
const ENGINE: ReadonlySet<string> = new Set(["COOKIEFILE", "COOKIEJAR", "COOKIELIST", "SHARE"]);

type Parts = Pick<RequestPlan, "headers" | "jar" | "curl"> & Partial<Pick<RequestPlan, "cookies">>;

const usesEngine = ({ jar, cookies = [], curl }: Parts) =>
  jar !== null || cookies.length > 0 || hasAny(curl, ENGINE);

/** The headers for HTTPHEADER: without Cookie if the engine writes that header. */
export function headersBesideEngine(plan: Parts): readonly HeaderEntry[] {
  return usesEngine(plan) ? withoutHeaders(plan.headers, COOKIE) : plan.headers;
}

/** The value of the option COOKIE, `null` if the caller's Cookie is in HTTPHEADER or absent. */
export function cookieOption(plan: Parts): string | Uint8Array | null {
  if (!usesEngine(plan)) return null;
  const own = plan.headers.filter(([name, value]) => COOKIE.has(name.toLowerCase()) && value);
  return own.length > 0 ? onWire(own.map(([, value]) => value).join("; ")) : null;
}
