/**
 * The errors of curlew: one class for each of libcurl's enums, with curl's own name and number.
 *
 * @module
 */

import { easyCodeName, multiCodeName, shareCodeName, urlCodeName } from "../ffi/curl/codes.ts";
import { CurlError } from "../ffi/error.ts";
import { library, native } from "../ffi/mod.ts";
import { propertyOf } from "./untrusted.ts";

export { CurlError, CurlLoadError } from "../ffi/error.ts";

/**
 * Whether a value is a `CurlEasyError`. Never runs the user's code: a `Proxy` of one does not
 * count.
 */
export let isEasyError: (value: unknown) => value is CurlEasyError;

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
  readonly #isEasyError = true;

  static {
    isEasyError = (value): value is CurlEasyError =>
      typeof value === "object" && value !== null && #isEasyError in value;
  }

  /** Makes an error with that `CURLcode`; the message is libcurl's own unless one is given. */
  constructor(code: number, message?: string, options?: ErrorOptions) {
    super(code, easyCodeName(code), message || easyText(code), options);
  }
}

/** The `CURLcode` of an error, -1 for a value that is not a `CurlEasyError`. */
export function easyCodeOf(error: unknown): number {
  const code = isEasyError(error) ? propertyOf(error, "code") : undefined;
  return typeof code === "number" ? code : -1;
}

/**
 * Gives an error the stack of the code that awaits the call: libcurl reports a failure in a turn of
 * the event loop, where no code of the user is on the stack. To be called after an `await` in the
 * async function that the user has called; with `call` the stack begins above that function.
 */
export function showCaller(error: Error, call?: (...args: never[]) => unknown): void {
  try {
    Error.captureStackTrace(error, call);
  } catch {
    // a frozen error keeps the stack that it has
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

/** Texts of libcurl that end with a quoted option which may have a password in it. */
const QUOTED = new RegExp(
  [
    "Unsupported proxy[^']*'", // PROXY, PRE_PROXY and those of the environment
    "CURLOPT_RESOLVE entry '",
    "connect to host string \\(", // CONNECT_TO
    "telnet option:? ",
  ].join("|"),
);
/** CURLOPT_ERRORBUFFER cuts longer texts off, so the end of a quotation may be missing. */
const CUT_OFF = 240;

/**
 * Removes the credentials from a message of libcurl. Every message that users see passes through
 * here.
 *
 * libcurl quotes an option as the user gave it. If libcurl could not parse it, any part of it may
 * be a password, also with a slash, a space or a quote in it: only the text after the last "@" is
 * safe.
 */
export function withoutCredentials(message: string): string {
  const found = QUOTED.exec(message);
  const bare = found
    ? withoutQuotation(message, found.index + found[0].length)
    : message.replace(/(\s'(?:\w[\w+.-]*:\/\/)?).*@/gs, "$1");
  return bare.replace(/(:\/\/|')[^/'\s]*@/g, "$1")
    .replace(/\bpin-value=[^;&?\s'"\]]*/gi, "pin-value=…"); // a PKCS#11 URI
}

function withoutQuotation(message: string, start: number): string {
  const rest = message.slice(start), [scheme = ""] = /^(?:\w[\w+.-]*:\/\/)?/.exec(rest) ?? [];
  const isWhole = message.length < CUT_OFF, at = rest.lastIndexOf("@");
  if (isWhole && at >= 0) return message.slice(0, start) + scheme + rest.slice(at + 1);
  const end = Math.max(rest.lastIndexOf("'"), rest.lastIndexOf(")"));
  return `${message.slice(0, start)}${scheme}…${isWhole && end >= 0 ? rest.slice(end) : ""}`;
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

/** The values of `CURLcode` that curlew's own code uses. */
export const Code = {
  OK: 0,
  WEIRD_SERVER_REPLY: 8,
  HTTP2: 16,
  PARTIAL_FILE: 18,
  WRITE_ERROR: 23,
  READ_ERROR: 26,
  ABORTED_BY_CALLBACK: 42,
  BAD_FUNCTION_ARGUMENT: 43,
  UNKNOWN_OPTION: 48,
  OUT_OF_MEMORY: 27,
  OPERATION_TIMEDOUT: 28,
  TOO_MANY_REDIRECTS: 47,
  GOT_NOTHING: 52,
  SEND_ERROR: 55,
  RECV_ERROR: 56,
  FILESIZE_EXCEEDED: 63,
  SEND_FAIL_REWIND: 65,
  AGAIN: 81,
  HTTP2_STREAM: 92,
  RECURSIVE_API_CALL: 93,
  TOO_LARGE: 100,
} as const;

/** The values of `CURLMcode` that curlew's own code uses. */
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
