/**
 * The redirect rules of the fetch standard:
 * {@link https://fetch.spec.whatwg.org/#http-redirect-fetch}.
 *
 * @module
 */

import { Code } from "../../errors.ts";
import { withoutCredentials } from "../request/curl_options.ts";
import { codedError, networkError } from "../errors.ts";
import type { HeadCollector } from "../response/head.ts";
import { withoutHeaders } from "../request/headers.ts";
import { policyOf, referrerFor } from "../request/referrer.ts";
import type { FetchCurlOptions, RequestPlan } from "../request/plan.ts";
import { hasCredentials, isHttp } from "../request/url.ts";

/** How many redirects are followed. */
const MAX_REDIRECTS = 20;

/** The body of a redirect is read to its end, to keep the connection, up to here. */
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
const CREDENTIAL_HEADERS = new Set(["authorization", "proxy-authorization", "cookie", "host"]);

/** Whether a response asks to go elsewhere. */
export function isRedirect(status: number, location: string | null): boolean {
  return location !== null && STATUSES.has(status);
}

/** The request after a redirect. Throws `TypeError` where there is to be none. */
export function nextPlan(
  plan: RequestPlan,
  head: HeadCollector,
  location: string,
  redirects: number,
): RequestPlan {
  const { url, redirect } = plan;
  if (redirect === "error") throw networkError(url.href, "it redirects");
  if (redirects >= MAX_REDIRECTS) {
    const why = `it redirects more than ${MAX_REDIRECTS} times`;
    throw codedError(url.href, why, Code.TOO_MANY_REDIRECTS);
  }
  return redirected(plan, head, location);
}

/** The next request after a redirect. Throws `TypeError` where the rules forbid it. */
function redirected(plan: RequestPlan, head: HeadCollector, location: string): RequestPlan {
  const url = nextUrl(plan, location), { status } = head;
  // REQUEST_TARGET was for the URL before
  const { REQUEST_TARGET: _, ...options } = plan.curl;
  let { method, body, bodyLength, headers } = plan, curl: FetchCurlOptions = options;
  const toGet = status === 303
    ? method !== "GET" && method !== "HEAD"
    : (status === 301 || status === 302) && method === "POST";
  if (toGet) {
    method = "GET";
    body = bodyLength = null;
    headers = withoutHeaders(headers, BODY_HEADERS);
  } else if (body && !body.replayable) {
    const why = `a ${status} asks for the body again, but it was a stream`;
    throw codedError(plan.url.href, why, Code.SEND_FAIL_REWIND);
  }
  // credentials are for the origin that they were given for
  if (url.origin !== plan.url.origin) {
    headers = withoutHeaders(headers, CREDENTIAL_HEADERS);
    curl = withoutCredentials(curl);
  }
  const policies = head.read().headers.get("referrer-policy"); // of all such headers, the last one
  const referrerPolicy = policyOf(policies) ?? plan.referrerPolicy;
  const referrer = referrerFor(plan.referrer, referrerPolicy, url);
  return { ...plan, url, method, body, bodyLength, headers, curl, referrer, referrerPolicy };
}

function nextUrl(plan: RequestPlan, location: string): URL {
  let url: URL;
  try {
    url = new URL(utf8(location), plan.url);
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

/** Servers send UTF-8 where a header is latin-1 by the book. */
function utf8(text: string): string {
  try {
    const bytes = Uint8Array.from(text, (unit) => unit.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return text;
  }
}
