/**
 * The Cookie header of a request: RFC 6265 (5.4) allows one.
 *
 * libcurl writes the cookies of its engine as a header of their own, even if HTTPHEADER has a
 * Cookie. So the caller's Cookie becomes the option COOKIE then, whose value libcurl appends to the
 * engine's header.
 *
 * @module
 */

import { type HeaderEntry, isNamed, onWire, withoutHeaders } from "./headers.ts";
import type { RequestPlan } from "./plan.ts";
import { hasAny } from "./curl_options.ts";

const COOKIE: ReadonlySet<string> = new Set(["cookie"]);
/** Options that enable the cookie engine, or attach the cookies of another handle. */
const ENGINE: ReadonlySet<string> = new Set(["COOKIEFILE", "COOKIEJAR", "COOKIELIST", "SHARE"]);

type Parts = Pick<RequestPlan, "headers" | "jar" | "curl"> & Partial<Pick<RequestPlan, "cookies">>;

const usesEngine = ({ jar, cookies = [], curl }: Parts) =>
  jar !== null || cookies.length > 0 || hasAny(curl, ENGINE);

const isCookie = ([name]: HeaderEntry) => isNamed(name, "cookie");

/** The values of the caller's Cookie headers as one; `null` if all of them remove the header. */
function joined(own: readonly HeaderEntry[]): string | null {
  const values = own.flatMap(([, value]) => value ?? []);
  return values.length > 0 ? values.filter((value) => value !== "").join("; ") : null;
}

/**
 * The headers for HTTPHEADER, with one Cookie at most, in the place of the first, and none if the
 * engine writes that header.
 */
export function headersWithOneCookie(plan: Parts): readonly HeaderEntry[] {
  const { headers } = plan, first = headers.find(isCookie);
  if (first === undefined) return headers; // most requests: no list is made for them
  const own = headers.filter(isCookie);
  if (usesEngine(plan)) return withoutHeaders(headers, COOKIE);
  if (own.length === 1) return headers;
  return headers.flatMap((entry): HeaderEntry[] => {
    if (!isCookie(entry)) return [entry];
    return entry === first ? [["Cookie", joined(own)]] : [];
  });
}

/** The value for the option COOKIE, `undefined` if the headers do not determine it. */
export function cookieOption(plan: Parts): string | Uint8Array | null | undefined {
  const own = plan.headers.filter(isCookie);
  if (own.length === 0 || !usesEngine(plan)) return undefined;
  const value = joined(own);
  return value ? onWire(value) : null;
}
