/**
 * The redirect rules of the fetch standard: {@link
 * https://fetch.spec.whatwg.org/#http-redirect-fetch}. Every request follows redirects by these
 * functions: {@linkcode redirectOf} reads the head, {@linkcode nextPlan} makes the plan of the next
 * request.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { Code } from "../../errors.ts";
import type { Easy } from "../../handles/easy/easy.ts";
import { utf8InLatin1 } from "../bytes.ts";
import { type CurlOptions, withoutCredentialOptions } from "../request/curl_options.ts";
import { asTypeError, codedError, networkError } from "../errors.ts";
import type { HeadCollector } from "../response/head.ts";
import { withoutHeaders } from "../request/headers.ts";
import { policyOf, referrerFor, type ReferrerPolicy } from "../request/referrer.ts";
import type { RequestPlan } from "../request/plan.ts";
import { hasCredentials, isHttp } from "../request/url.ts";
import { forgetLooseCookies, withoutLoadedCookies } from "./cookies.ts";

/** The maximum number of redirects, as in the fetch standard. */
const MAX_REDIRECTS = 20;

/** Limits for the body of a redirect, which is received and discarded to keep the connection. */
export const DISCARD_BYTES: number = 256 * 1024, DISCARD_MS = 1000;

const STATUSES = new Set([301, 302, 303, 307, 308]);
const BODY_HEADERS = new Set([
  "content-encoding",
  "content-language",
  "content-location",
  "content-type",
  "content-length",
  "transfer-encoding",
  "expect",
]);
/** Headers that are sent only to the origin they were given for; in lower case. */
export const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "host",
]);

/** The result of WRITEFUNCTION for a discarded body, of which `total` bytes have arrived. */
export function discardResult(total: number, length: number): number {
  return total > DISCARD_BYTES ? flags.CURL_WRITEFUNC_ERROR : length;
}

/** A redirect that is followed. */
export interface Redirect {
  readonly status: number;
  readonly location: string;
  /** The policy of its Referrer-Policy headers, `null` if there is none. */
  readonly referrerPolicy: ReferrerPolicy | null;
}

/** Reads the redirect in a complete head; `null` if the response is not to be followed. */
export function redirectOf(head: HeadCollector, plan: RequestPlan): Redirect | null {
  const { status } = head;
  if (!STATUSES.has(status) || plan.redirect === "manual" || !isHttp(plan.url)) return null;
  const location = head.get("location");
  if (location === null) return null;
  const policies = head.read().headers.get("referrer-policy"); // several headers are one list
  return { status, location, referrerPolicy: policyOf(policies) };
}

/**
 * The plan of the request that follows a redirect. `redirects` is how many were followed before.
 * Throws `TypeError` if the caller or the fetch standard does not allow it.
 */
export function nextPlan(plan: RequestPlan, redirect: Redirect, redirects: number): RequestPlan {
  const { url } = plan;
  if (plan.redirect === "error") throw networkError(url.href, "it redirects");
  if (redirects >= MAX_REDIRECTS) {
    const why = `it redirects more than ${MAX_REDIRECTS} times`;
    throw codedError(url.href, why, Code.TOO_MANY_REDIRECTS);
  }
  return planAfter(plan, redirect);
}

/** Like {@linkcode nextPlan}, and resets the handle, which makes the next request too. */
export function nextPlanOnSameHandle(
  easy: Easy,
  plan: RequestPlan,
  redirect: Redirect,
  redirects: number,
): RequestPlan {
  const next = nextPlan(plan, redirect, redirects);
  try {
    if (next.url.origin !== plan.url.origin) forgetLooseCookies(easy, next);
    easy.reset();
  } catch (error) {
    throw asTypeError(error, next.url); // `reset()` refuses a handle in a STREAM_DEPENDS tree
  }
  return { ...next, curl: withoutLoadedCookies(next.curl) };
}

function planAfter(plan: RequestPlan, redirect: Redirect): RequestPlan {
  const { status } = redirect, url = nextUrl(plan, redirect.location);
  // REQUEST_TARGET belongs to the previous URL
  let curl = withoutRequestTarget(plan.curl);
  let { method, body, bodyLength, headers } = plan;
  const becomesGet = status === 303
    ? method !== "GET" && method !== "HEAD"
    : (status === 301 || status === 302) && method === "POST";
  if (body && !body.replayable && !(becomesGet && (status === 303 || !body.isStream))) {
    // except for a 303, the standard refuses this even where the method changes
    const why = `a ${status} asks for the body again, but it was a stream`;
    throw codedError(plan.url.href, why, Code.SEND_FAIL_REWIND);
  }
  if (becomesGet) {
    method = "GET";
    body = bodyLength = null;
    headers = withoutHeaders(headers, BODY_HEADERS);
  }
  // credentials are sent only to the origin they were given for
  if (url.origin !== plan.url.origin) {
    headers = withoutHeaders(headers, CREDENTIAL_HEADERS);
    curl = withoutCredentialOptions(curl);
  }
  const referrerPolicy = redirect.referrerPolicy ?? plan.referrerPolicy;
  const referrer = referrerFor(plan.referrer, referrerPolicy, url);
  return { ...plan, url, method, body, bodyLength, headers, curl, referrer, referrerPolicy };
}

function withoutRequestTarget(options: CurlOptions): CurlOptions {
  if (!options.has("REQUEST_TARGET")) return options;
  return new Map([...options].filter(([name]) => name !== "REQUEST_TARGET"));
}

function nextUrl(plan: RequestPlan, location: string): URL {
  let url: URL;
  try {
    url = new URL(utf8InLatin1(location), plan.url);
  } catch {
    throw networkError(plan.url.href, "it redirects to an invalid URL");
  }
  if (!isHttp(url)) {
    throw networkError(plan.url.href, `it redirects to a "${url.protocol}" URL`);
  }
  if (url.hash === "") url.hash = plan.url.hash;
  if (url.origin === plan.url.origin && !hasCredentials(url)) {
    url.username = plan.url.username;
    url.password = plan.url.password;
  }
  return url;
}
