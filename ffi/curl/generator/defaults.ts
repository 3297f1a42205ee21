/**
 * Finds the defaults of options that take a number, which `setOpt(name, null)` restores.
 *
 * A wrong default would silently change what a transfer does, so an option has one only where it is
 * the same in every libcurl from 7.74.0 on. {@linkcode REVIEWED} has the defaults that libcurl's
 * pages do not state in a form that can be parsed, or state wrongly, with the reason.
 *
 * @module
 */

import type { Headers } from "./headers.ts";

/**
 * Defaults as C expressions, `null` for no default. They were checked by hand against the sources
 * of 7.74.0 to 8.21.0.
 */
const REVIEWED: Readonly<Record<string, string | null>> = {
  // The text mentions a change that is older than the oldest supported libcurl.
  CURLOPT_HEADEROPT: "CURLHEADER_SEPARATE",
  // "Unset" in the text; -1 is how the page says to unset it.
  CURLOPT_INFILESIZE: "-1",
  CURLOPT_INFILESIZE_LARGE: "-1",
  // Stated as prose, as a question mark or not at all.
  CURLOPT_FTP_USE_EPRT: "1",
  CURLOPT_REDIR_PROTOCOLS: "CURLPROTO_HTTP | CURLPROTO_HTTPS | CURLPROTO_FTP | CURLPROTO_FTPS",
  CURLOPT_RTSP_REQUEST: "CURL_RTSPREQ_OPTIONS",
  CURLOPT_SOCKS5_GSSAPI_NEC: "0",
  CURLOPT_UPLOAD_FLAGS: "CURLULFLAG_SEEN",
  CURLOPT_WILDCARDMATCH: "0",
  // The built-in limit changed from 120 to 60 seconds; 0 selects it in every version.
  CURLOPT_SERVER_RESPONSE_TIMEOUT: "0",
  CURLOPT_SERVER_RESPONSE_TIMEOUT_MS: "0",
  // The page of 8.21.0 repeats the 20 of CURLMOPT_RESOLVE_THREADS_MAX.
  CURLMOPT_QUICK_EXIT: "0",
  // The initial value is 0, which libcurl does not accept as an argument.
  CURLOPT_ALTSVC_CTRL: null,
  // Changed within the supported versions.
  CURLOPT_HTTP_VERSION: null,
  CURLOPT_MAXLIFETIME_CONN: null,
  CURLOPT_MAXREDIRS: null,
  // The number has 32 bits in old versions and 64 in new ones.
  CURLOPT_PROTOCOLS: null,
  // The option has no state, or a default that grows with the number of transfers.
  CURLOPT_SSLENGINE_DEFAULT: null,
  CURLMOPT_MAXCONNECTS: null,
};

/**
 * The default of an option, by its C name; `undefined` where it is not certain. `page` is the text
 * of its manual page, `undefined` where it has none.
 */
export function defaultOf(
  name: string,
  page: string | undefined,
  headers: Headers,
): number | undefined {
  const reviewed = REVIEWED[name];
  if (reviewed === null) return undefined;
  const expression = reviewed ?? statedDefault(page ?? "");
  return expression === undefined ? undefined : headers.evaluate(expression);
}

// Finds a number, or CURL names joined by `|`, at the start of the section DEFAULT. A section that
// mentions another version must be reviewed by hand.
function statedDefault(page: string): string | undefined {
  const section = /^# DEFAULT\n([^#]*)/m.exec(page)?.[1]?.replaceAll("**", "").trim() ?? "";
  if (/\b(since|before|previously|changed|added in)\b/i.test(section)) return undefined;
  const value =
    /^(-?\d+|CURL\w+(?:\s*\|\s*CURL\w+)*)(?=$|[,.(]| [-(]| which | (?:milli)?seconds$| bytes$)/;
  return value.exec(section)?.[1];
}
