/**
 * Request options: turns a `RequestPlan` into options of an easy handle.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { easyOptions } from "../../../ffi/curl/options.ts";
import { library } from "../../../ffi/mod.ts";
import { forgetConnectionOption } from "../../handles/connections/connection_class.ts";
import { type Easy, stateOf } from "../../handles/easy/easy.ts";
import { lendPostFields } from "../../handles/easy/options.ts";
import { isKnown, oddities } from "../../libcurl_versions.ts";
import { cookieOption, headersWithOneCookie } from "../request/cookie_header.ts";
import { attachJar } from "../cookies/jars.ts";
import { hasAny, setCurlOptions } from "../request/curl_options.ts";
import { hasHeader, type HeaderEntry, headerLines } from "../request/headers.ts";
import type { RequestPlan } from "../request/plan.ts";
import type { HeadCollector } from "../response/head.ts";
import { UPLOAD_BUFFER } from "../request_body/feeder.ts";
import { refuseUnsafeRetry } from "./retry.ts";
import { bareUrl, percentDecoded } from "../request/url.ts";

/** The default User-Agent. */
export const userAgent = (): string => `curlew/0.1 libcurl/${library().version}`;

/** Options that may load an HSTS list, by which libcurl turns http into https. */
const HSTS: ReadonlySet<string> = new Set(["HSTS", "HSTS_CTRL", "HSTSREADFUNCTION", "SHARE"]);

/** Options that may move a request from http to TLS, where HTTP/2 is negotiated. */
const LEADS_TO_TLS: ReadonlySet<string> = new Set([...HSTS, "ALTSVC", "ALTSVC_CTRL"]);

/** How often libcurl may repeat a request with an Expect header; NTLM needs two. */
const MAX_REPEATS = 5;

/** The initial UPLOAD_BUFFERSIZE: enough for a body of that length. */
const DEFAULT_UPLOAD_BUFFER = 64 * 1024;

const HTTP_ONLY = flags.CURLPROTO_HTTP | flags.CURLPROTO_HTTPS;

/** The lines of HTTPHEADER for a plan. */
export const httpHeaderLines = (plan: RequestPlan): (string | Uint8Array)[] =>
  isPlain(plan) ? [] : headerLines(requestHeaders(plan));

/** Whether a plan is a GET without anything that needs a line of HTTPHEADER. */
const isPlain = ({ method, headers, referrer, body, curl }: RequestPlan) =>
  method === "GET" && headers.length === 0 && referrer === "" && body === null && curl.size === 0;

/**
 * Sets all options of an HTTP request except the callbacks. `remainingMs` is the time left of the
 * timeout, 0 for none; `head` collects the response head.
 */
export function configureHttp(
  easy: Easy,
  plan: RequestPlan,
  remainingMs: number,
  head: HeadCollector,
  lines: (string | Uint8Array)[] = httpHeaderLines(plan),
): void {
  const { url, method, body, curl } = plan;
  setUrl(easy, url);
  easy.setOpt("SUPPRESS_CONNECT_HEADERS", 1);
  setTimeouts(easy, plan, remainingMs);
  limitProtocols(easy);
  forbidHttp2(easy, plan);
  easy.setOpt("ACCEPT_ENCODING", "");
  easy.setOpt("USERAGENT", userAgent());
  // libcurl repeats a request that gets a 417, without end where the Expect is the caller's
  if (hasHeader(plan.headers, "expect")) easy.setOpt("MAXREDIRS", MAX_REPEATS);
  if (curl.has("AWS_SIGV4")) easy.setOpt("PATH_AS_IS", 0); // newer libcurls refuse both together
  setCurlOptions(easy, curl);
  if (plan.jar) attachJar(easy, plan.jar);
  for (const cookie of plan.cookies) easy.setOpt("COOKIELIST", cookie);
  const cookie = cookieOption(plan);
  if (cookie !== undefined) easy.setOpt("COOKIE", cookie);
  setMethod(easy, method, body !== null);
  if (body) setBody(easy, plan);
  easy.setOpt("HTTPHEADER", lines);
  refuseUnsafeRetry(easy, plan, head);
}

/** Sets the options of a request of any other protocol. */
export function configureOther(easy: Easy, plan: RequestPlan, remainingMs: number): void {
  setUrl(easy, plan.url);
  setTimeouts(easy, plan, remainingMs);
  easy.setOpt("FAILONERROR", 1); // an error page of an HTTP proxy is not the file
  setCurlOptions(easy, plan.curl);
  if (plan.jar) attachJar(easy, plan.jar);
  if (plan.body) setUpload(easy, plan);
}

function setTimeouts(easy: Easy, { connectTimeout }: RequestPlan, remainingMs: number): void {
  if (remainingMs > 0) easy.setOpt("TIMEOUT_MS", Math.ceil(remainingMs));
  if (connectTimeout !== undefined) easy.setOpt("CONNECTTIMEOUT_MS", Math.ceil(connectTimeout));
}

/** Sets URL without fragment, and the credentials in it as USERNAME and PASSWORD. */
export function setUrl(easy: Easy, url: URL): void {
  easy.setOpt("URL", bareUrl(url));
  easy.setOpt("PATH_AS_IS", 1); // `URL` has normalized the path already
  if (url.username !== "") easy.setOpt("USERNAME", percentDecoded(url.username));
  if (url.password !== "") easy.setOpt("PASSWORD", percentDecoded(url.password));
}

function limitProtocols(easy: Easy): void {
  if (isKnown(easyOptions.PROTOCOLS_STR)) easy.setOpt("PROTOCOLS_STR", "http,https");
  else easy.setOpt("PROTOCOLS", HTTP_ONLY);
}

/**
 * Sets HTTP/1.1 for a plain http URL, if this libcurl would send several requests at once on an
 * HTTP/1 connection because of a status line of "HTTP/2" (`believesHttp2StatusLine`).
 */
function forbidHttp2(easy: Easy, { url, curl }: RequestPlan): void {
  if (url.protocol !== "http:" || !oddities().believesHttp2StatusLine) return;
  if (hasAny(curl, LEADS_TO_TLS)) return;
  easy.setOpt("HTTP_VERSION", flags.CURL_HTTP_VERSION_1_1);
  forgetConnectionOption(stateOf(easy), easyOptions.HTTP_VERSION.id);
}

function setMethod(easy: Easy, method: string, hasBody: boolean): void {
  if (method === "GET") easy.setOpt("HTTPGET", 1);
  else if (method === "HEAD") easy.setOpt("NOBODY", 1);
  else {
    // the fetch standard sends Content-Length: 0 for a POST or PUT without a body
    if (!hasBody && (method === "POST" || method === "PUT")) easy.setOpt("POSTFIELDS", "");
    easy.setOpt("CUSTOMREQUEST", method);
  }
}

function setBody(easy: Easy, plan: RequestPlan): void {
  const { body, method } = plan;
  if (!body) return;
  if (body.bytes) {
    lendPostFields(stateOf(easy), body.bytes);
    setUploadBuffer(easy, plan);
  } else setUpload(easy, plan);
  easy.setOpt("CUSTOMREQUEST", method);
}

function setUpload(easy: Easy, plan: RequestPlan): void {
  const { bodyLength } = plan;
  easy.setOpt("UPLOAD", 1);
  setUploadBuffer(easy, plan);
  if (bodyLength !== null) easy.setOpt("INFILESIZE_LARGE", bodyLength);
}

/** Sets a larger buffer for a large body: libcurl sends one for each event of the socket. */
function setUploadBuffer(easy: Easy, { bodyLength, curl }: RequestPlan): void {
  if (bodyLength !== null && bodyLength <= DEFAULT_UPLOAD_BUFFER) return;
  if (!curl.has("UPLOAD_BUFFERSIZE")) easy.setOpt("UPLOAD_BUFFERSIZE", UPLOAD_BUFFER);
}

/** The caller's headers and Referer, and entries that remove headers which libcurl would add. */
function requestHeaders(plan: RequestPlan): HeaderEntry[] {
  const { body, method, referrer } = plan, headers = headersWithOneCookie(plan);
  const all = [...headers];
  if (asksForPart(plan)) all.push(["Accept-Encoding", "identity"]);
  if (method === "GET" && referrer === "" && !body) return all;
  const isForm = body || method === "POST" || method === "PUT";
  if (referrer !== "" && !hasHeader(headers, "referer")) all.push(["Referer", referrer]);
  // libcurl would send Expect and wait for a 100 before a large body, and a form's Content-Type
  // with any body
  if (body && !hasHeader(headers, "expect")) all.push(["Expect", null]);
  if (isForm && !hasHeader(headers, "content-type")) all.push(["Content-Type", null]);
  return all;
}

/** Options by which libcurl sends a Range header. */
const RANGES: ReadonlySet<string> = new Set(["RANGE", "RESUME_FROM", "RESUME_FROM_LARGE"]);

/** Whether a request has a Range and no Accept-Encoding: a part of an encoded body is useless. */
export function asksForPart({ headers, curl }: Pick<RequestPlan, "headers" | "curl">): boolean {
  if (!hasHeader(headers, "range") && !hasAny(curl, RANGES)) return false;
  return !hasHeader(headers, "accept-encoding") && !curl.has("ACCEPT_ENCODING");
}

/**
 * The URL that libcurl has requested: the one of the plan, with https if HSTS changed the scheme.
 */
export function effectiveUrl(easy: Easy, { url, curl }: RequestPlan): URL {
  if (!hasAny(curl, HSTS) || url.protocol !== "http:") return url;
  if (!easy.getInfo("EFFECTIVE_URL")?.startsWith("https:")) return url;
  const upgraded = new URL(url);
  upgraded.protocol = "https:";
  return upgraded;
}
