/**
 * The errors of curlew: one class for each of libcurl's enums, with curl's own name and number.
 *
 * @module
 */

import { easyCodeName, multiCodeName, shareCodeName, urlCodeName } from "../ffi/curl/codes.ts";
import { CurlError } from "../ffi/error.ts";
import { library, native } from "../ffi/mod.ts";

export { CurlError, CurlLoadError } from "../ffi/error.ts";

/**
 * An error with a `CURLcode`: see {@link https://curl.se/libcurl/c/libcurl-errors.html}.
 *
 * @example
 * ```ts
 * import { CurlEasyError, Easy } from "curlew";
 * using easy = new Easy();
 * easy.setOpts({ URL: "http://127.0.0.1:1/", TIMEOUT_MS: 500 });
 * try {
 *   easy.perform();
 * } catch (error) {
 *   if (error instanceof CurlEasyError) console.log(error.code, error.codeName);
 * }
 * ```
 */
export class CurlEasyError extends CurlError {
  /** The name of the class. */
  override readonly name = "CurlEasyError";

  /** Makes an error with that `CURLcode`; the message is libcurl's own unless one is given. */
  constructor(code: number, message?: string, options?: ErrorOptions) {
    super(code, easyCodeName(code), message || easyText(code), options);
  }
}

/** An error with a `CURLMcode`: see {@link https://curl.se/libcurl/c/libcurl-errors.html}. */
export class CurlMultiError extends CurlError {
  /** The name of the class. */
  override readonly name = "CurlMultiError";

  /** Makes an error with that `CURLMcode`; the message is libcurl's own unless one is given. */
  constructor(code: number, message?: string, options?: ErrorOptions) {
    const text = message || native.string(library().symbols.curl_multi_strerror(code)) || "";
    super(code, multiCodeName(code), text, options);
  }
}

/** An error with a `CURLSHcode`: see {@link https://curl.se/libcurl/c/libcurl-errors.html}. */
export class CurlShareError extends CurlError {
  /** The name of the class. */
  override readonly name = "CurlShareError";

  /** Makes an error with that `CURLSHcode`; the message is libcurl's own unless one is given. */
  constructor(code: number, message?: string, options?: ErrorOptions) {
    const text = message || native.string(library().symbols.curl_share_strerror(code)) || "";
    super(code, shareCodeName(code), text, options);
  }
}

/** An error with a `CURLUcode`: see {@link https://curl.se/libcurl/c/libcurl-errors.html}. */
export class CurlUrlError extends CurlError {
  /** The name of the class. */
  override readonly name = "CurlUrlError";

  /** Makes an error with that `CURLUcode`; the message is libcurl's own unless one is given. */
  constructor(code: number, message?: string, options?: ErrorOptions) {
    super(code, urlCodeName(code), message || urlText(code), options);
  }
}

/** libcurl's text for a `CURLcode`. */
function easyText(code: number): string {
  return native.string(library().symbols.curl_easy_strerror(code)) ?? "";
}

/** libcurl's text for a `CURLUcode`, or the code's name before 7.80, which has no text for it. */
function urlText(code: number): string {
  const { has, symbols } = library();
  if (!has("curl_url_strerror")) return urlCodeName(code);
  return native.string(symbols.curl_url_strerror(code)) ?? "";
}

/** The values of `CURLcode` that curlew's own code names. */
export const Code = {
  OK: 0,
  WEIRD_SERVER_REPLY: 8,
  ABORTED_BY_CALLBACK: 42,
  BAD_FUNCTION_ARGUMENT: 43,
  UNKNOWN_OPTION: 48,
  OUT_OF_MEMORY: 27,
  OPERATION_TIMEDOUT: 28,
  TOO_MANY_REDIRECTS: 47,
  GOT_NOTHING: 52,
  RECV_ERROR: 56,
  FILESIZE_EXCEEDED: 63,
  SEND_FAIL_REWIND: 65,
  AGAIN: 81,
  RECURSIVE_API_CALL: 93,
  TOO_LARGE: 100,
} as const;

/** The values of `CURLMcode` that curlew's own code names. */
export const MultiCode = {
  OK: 0,
  BAD_HANDLE: 1,
  BAD_EASY_HANDLE: 2,
  OUT_OF_MEMORY: 3,
  BAD_SOCKET: 5,
  UNKNOWN_OPTION: 6,
  ADDED_ALREADY: 7,
  RECURSIVE_API_CALL: 8,
  BAD_FUNCTION_ARGUMENT: 10,
  ABORTED_BY_CALLBACK: 11,
} as const;
