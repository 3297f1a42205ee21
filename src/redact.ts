/**
 * What may be seen of a request.
 *
 * @module
 */

/** What stands where something is not shown. */
export const REDACTED = "REDACTED";

/** Headers whose values tell nothing of who sends them, or what for. */
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

/** Headers of responses that tell nothing of who has asked. */
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

/** The value of a request's header, as far as it may be seen. */
export function redactHeader(name: string, value: string): string {
  const lower = name.toLowerCase();
  if (value === "" || HARMLESS.has(lower) || HARMLESS_KIND.test(lower)) return value;
  return URLS.has(lower) ? redactUrl(value) : REDACTED;
}

/** The value of a response's header, as far as it may be seen. */
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

/** A URL, or what stands for one, without the user. */
export function redactUser(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/is, `$1${REDACTED}@`);
}
