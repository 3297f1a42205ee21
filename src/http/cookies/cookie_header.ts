/**
 * The Cookie header of a request that uses libcurl's cookie engine.
 *
 * libcurl writes the cookies of its engine as a line of their own, beside a Cookie among the lines
 * of HTTPHEADER. RFC 6265 (5.4) allows one line, so the caller's Cookie becomes the option COOKIE,
 * which libcurl puts onto the line of the engine.
 *
 * @module
 */

import { type HeaderEntry, onWire, withoutHeaders } from "../request/headers.ts";
import type { RequestPlan } from "../request/plan.ts";
import { hasAny } from "../request/curl_options.ts";

const COOKIE: ReadonlySet<string> = new Set(["cookie"]);
/** Options that turn the engine on, or attach the one of another handle. */
const ENGINE: ReadonlySet<string> = new Set(["COOKIEFILE", "COOKIEJAR", "COOKIELIST", "SHARE"]);

type Parts = Pick<RequestPlan, "headers" | "jar" | "curl"> & Partial<Pick<RequestPlan, "cookies">>;

const usesEngine = ({ jar, cookies = [], curl }: Parts) =>
  jar !== null || cookies.length > 0 || hasAny(curl, ENGINE);

/** The headers for HTTPHEADER: without Cookie where the engine writes that line. */
export function headersBesideEngine(plan: Parts): readonly HeaderEntry[] {
  return usesEngine(plan) ? withoutHeaders(plan.headers, COOKIE) : plan.headers;
}

/** The value of the option COOKIE, `null` where the caller's Cookie is among the headers or absent. */
export function cookieOption(plan: Parts): string | Uint8Array | null {
  if (!usesEngine(plan)) return null;
  const own = plan.headers.filter(([name, value]) => COOKIE.has(name.toLowerCase()) && value);
  return own.length > 0 ? onWire(own.map(([, value]) => value).join("; ")) : null;
}
