/**
 * The default of the options that take a number: what `setOpt(name, null)` writes back.
 *
 * A wrong number here changes what a transfer does behind its user's back, so a default is given
 * only where it holds in every libcurl from 7.74.0 on. What libcurl's pages say too loosely to be
 * read, or say wrongly, stands in {@linkcode REVIEWED} with its reason.
 *
 * @module
 */

import type { Headers } from "./headers.ts";

/** An expression in C, `null` for none. Checked by hand against the sources of 7.74.0 to 8.21.0. */
const REVIEWED: Readonly<Record<string, string | null>> = {
  // The text speaks of a change that is older than the oldest libcurl supported here.
  CURLOPT_HEADEROPT: "CURLHEADER_SEPARATE",
  // "Unset" in the text; the page's way to unset it.
  CURLOPT_INFILESIZE: "-1",
  CURLOPT_INFILESIZE_LARGE: "-1",
  // Given as prose, as a question mark or not at all.
  CURLOPT_FTP_USE_EPRT: "1",
  CURLOPT_REDIR_PROTOCOLS: "CURLPROTO_HTTP | CURLPROTO_HTTPS | CURLPROTO_FTP | CURLPROTO_FTPS",
  CURLOPT_RTSP_REQUEST: "CURL_RTSPREQ_OPTIONS",
  CURLOPT_SOCKS5_GSSAPI_NEC: "0",
  CURLOPT_UPLOAD_FLAGS: "CURLULFLAG_SEEN",
  CURLOPT_WILDCARDMATCH: "0",
  // The built-in limit went from 120 to 60 seconds; 0 selects it in each version.
  CURLOPT_SERVER_RESPONSE_TIMEOUT: "0",
  CURLOPT_SERVER_RESPONSE_TIMEOUT_MS: "0",
  // The page of 8.21.0 repeats the 20 of CURLMOPT_RESOLVE_THREADS_MAX.
  CURLMOPT_QUICK_EXIT: "0",
  // libcurl starts with 0 but refuses it as an argument.
  CURLOPT_ALTSVC_CTRL: null,
  // Changed within the supported versions.
  CURLOPT_HTTP_VERSION: null,
  CURLOPT_MAXLIFETIME_CONN: null,
  CURLOPT_MAXREDIRS: null,
  // Not one number: 32 bits in old versions, 64 in new ones.
  CURLOPT_PROTOCOLS: null,
  // Not an option with a state, or one that grows with the number of transfers.
  CURLOPT_SSLENGINE_DEFAULT: null,
  CURLMOPT_MAXCONNECTS: null,
};

/**
 * The default of an option by its C name, `undefined` where none is certain; `page` is the text of
 * its manual page, `undefined` where it has none.
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

// A number or CURL_ names that open the section, followed by nothing but an explanation of them.
// Whatever mentions another version needs a human.
function statedDefault(page: string): string | undefined {
  const section = /^# DEFAULT\n([^#]*)/m.exec(page)?.[1]?.replaceAll("**", "").trim() ?? "";
  if (/\b(since|before|previously|changed|added in)\b/i.test(section)) return undefined;
  const value =
    /^(-?\d+|CURL\w+(?:\s*\|\s*CURL\w+)*)(?=$|[,.(]| [-(]| which | (?:milli)?seconds$| bytes$)/;
  return value.exec(section)?.[1];
}
