/**
 * One request of a plan as the options of an easy handle.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { easyOptions } from "../../../ffi/curl/options.ts";
import { library } from "../../../ffi/mod.ts";
import type { Easy } from "../../handles/easy/easy.ts";
import { isKnown, oddities } from "../../libcurl_versions.ts";
import { hasAny } from "../request/curl_options.ts";
import { hasHeader, type HeaderEntry, headerLines } from "../request/headers.ts";
import type { RequestPlan } from "../request/plan.ts";
import { UPLOAD_BUFFER } from "../request_body/feeder.ts";
import { bareUrl } from "../request/url.ts";

/** What is sent as User-Agent unless the caller says otherwise. */
export const userAgent = (): string => `curlew/0.1 libcurl/${library().version}`;

/** Any of these may have a request for http go over TLS, where HTTP/2 is negotiated. */
const LEADS_TO_TLS: ReadonlySet<string> = new Set([
  "ALTSVC",
  "ALTSVC_CTRL",
  "HSTS",
  "HSTS_CTRL",
  "HSTSREADFUNCTION",
  "SHARE",
]);

const HTTP_ONLY = flags.CURLPROTO_HTTP | flags.CURLPROTO_HTTPS;

/** The lines of HTTPHEADER. */
export const requestLines = (plan: RequestPlan): (string | Uint8Array)[] =>
  headerLines(requestHeaders(plan));

/** Sets everything but the callbacks. `remainingMs` is what is left of the timeout, 0 for no end. */
export function configure(
  easy: Easy,
  plan: RequestPlan,
  remainingMs: number,
  lines: (string | Uint8Array)[] = requestLines(plan),
): void {
  const { url, method, body, curl } = plan;
  setUrl(easy, url);
  easy.setOpt("SUPPRESS_CONNECT_HEADERS", 1);
  if (remainingMs > 0) easy.setOpt("TIMEOUT_MS", Math.max(1, Math.ceil(remainingMs)));
  if (plan.connectTimeout !== undefined) {
    easy.setOpt("CONNECTTIMEOUT_MS", Math.ceil(plan.connectTimeout));
  }
  limitProtocols(easy);
  keepApart(easy, plan);
  easy.setOpt("ACCEPT_ENCODING", "");
  easy.setOpt("USERAGENT", userAgent());
  if ("AWS_SIGV4" in curl) easy.setOpt("PATH_AS_IS", 0); // newer libcurls refuse it with that
  easy.setOpts(curl);
  for (const cookie of plan.cookies) easy.setOpt("COOKIELIST", cookie);
  setMethod(easy, method, body !== null);
  if (body) setBody(easy, plan);
  easy.setOpt("HTTPHEADER", lines);
}

/** Sets the URL, without its fragment, and the credentials in it. */
export function setUrl(easy: Easy, url: URL): void {
  easy.setOpt("URL", bareUrl(url));
  easy.setOpt("PATH_AS_IS", 1); // the URL parser has normalized it
  if (url.username !== "") easy.setOpt("USERNAME", decoded(url.username));
  if (url.password !== "") easy.setOpt("PASSWORD", decoded(url.password));
}

/** The URL parser lets a lone "%" pass, which stands for itself then. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function limitProtocols(easy: Easy): void {
  if (isKnown(easyOptions.PROTOCOLS_STR)) easy.setOpt("PROTOCOLS_STR", "http,https");
  else easy.setOpt("PROTOCOLS", HTTP_ONLY);
}

/**
 * Requests for HTTP/1 share no connection at once, whatever a server, or one behind a proxy, says
 * in its status line (`believesHttp2StatusLine`).
 */
function keepApart(easy: Easy, { url, curl }: RequestPlan): void {
  if (url.protocol !== "http:" || !oddities().believesHttp2StatusLine) return;
  if (hasAny(curl, LEADS_TO_TLS)) return;
  easy.setOpt("HTTP_VERSION", flags.CURL_HTTP_VERSION_1_1);
}

function setMethod(easy: Easy, method: string, hasBody: boolean): void {
  if (method === "GET") easy.setOpt("HTTPGET", 1);
  else if (method === "HEAD") easy.setOpt("NOBODY", 1);
  else {
    // POST and PUT without a body have an empty one, as the standard says
    if (!hasBody && (method === "POST" || method === "PUT")) easy.setOpt("POSTFIELDS", "");
    easy.setOpt("CUSTOMREQUEST", method);
  }
}

function setBody(easy: Easy, { body, bodyLength, method }: RequestPlan): void {
  if (!body) return;
  if (body.bytes) easy.setOpt("POSTFIELDS", body.bytes);
  else {
    easy.setOpt("UPLOAD", 1);
    easy.setOpt("UPLOAD_BUFFERSIZE", UPLOAD_BUFFER);
    if (bodyLength !== null) easy.setOpt("INFILESIZE_LARGE", bodyLength);
  }
  easy.setOpt("CUSTOMREQUEST", method);
}

/** The caller's headers, without those that libcurl would add but fetch does not send. */
function requestHeaders({ headers, body, method, referrer }: RequestPlan): HeaderEntry[] {
  const all = [...headers];
  if (method === "GET" && referrer === "" && !body) return all;
  const isForm = body || method === "POST" || method === "PUT";
  if (referrer !== "" && !hasHeader(headers, "referer")) all.push(["Referer", referrer]);
  // libcurl would wait for a 100 before each large body, and name a form where there is none
  if (body && !hasHeader(headers, "expect")) all.push(["Expect", null]);
  if (isForm && !hasHeader(headers, "content-type")) all.push(["Content-Type", null]);
  return all;
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
