/**
 * Redaction: the parts of a request and a response that logs and observers may show.
 *
 * @module
 */

/** The text that replaces a hidden value. */
export const REDACTED = "REDACTED";

/** Request headers whose values reveal neither the sender nor the purpose of a request. */
const HARMLESS: ReadonlySet<string> = new Set([
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "connection",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-type",
  "date",
  "dnt",
  "expect",
  "host",
  "if-modified-since",
  "if-range",
  "if-unmodified-since",
  "keep-alive",
  "max-forwards",
  "pragma",
  "priority",
  "range",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "upgrade-insecure-requests",
  "user-agent",
]);
const HARMLESS_KIND = /^(?:sec-ch-|sec-fetch-)/;

/** Response headers whose values reveal nothing of the sender of the request. */
const HARMLESS_ANSWERS: ReadonlySet<string> = new Set([
  "accept-ranges",
  "age",
  "allow",
  "alt-svc",
  "content-range",
  "content-security-policy",
  "etag",
  "expires",
  "last-modified",
  "permissions-policy",
  "proxy-authenticate",
  "proxy-connection",
  "referrer-policy",
  "retry-after",
  "sec-websocket-protocol",
  "server",
  "server-timing",
  "strict-transport-security",
  "timing-allow-origin",
  "vary",
  "via",
  "www-authenticate",
  "x-cache",
  "x-content-type-options",
  "x-frame-options",
  "x-powered-by",
]);
const HARMLESS_ANSWER = /^access-control-/;

/** Headers whose value is a URL. */
const URLS: ReadonlySet<string> = new Set(["content-location", "location", "origin", "referer"]);

/** The value of a request header, redacted. */
export function redactHeader(name: string, value: string): string {
  const lower = name.toLowerCase();
  if (value === "" || HARMLESS.has(lower) || HARMLESS_KIND.test(lower)) return value;
  return URLS.has(lower) ? redactUrl(value) : REDACTED;
}

/** The value of a response header, redacted. */
export function redactAnswer(name: string, value: string): string {
  const lower = name.toLowerCase();
  const isHarmless = HARMLESS_ANSWERS.has(lower) || HARMLESS_ANSWER.test(lower);
  return isHarmless ? value : redactHeader(name, value);
}

/** A URL without the user, the values of its query and its fragment. */
export function redactUrl(url: string): string {
  const [, base = "", query = ""] = /^([^?#]*)(\?[^#]*)?/s.exec(url) ?? [];
  const values = query.replace(/([?&][^=&]*=)[^&]+/g, `$1${REDACTED}`)
    .replace(/([?&])([^=&]{1,})(?=&|$)/g, `$1${REDACTED}`);
  return redactUser(base) + values;
}

/** A URL, or a text in its place, without the user and password. */
export function redactUser(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/is, `$1${REDACTED}@`);
}
