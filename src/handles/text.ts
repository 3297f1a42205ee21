/**
 * libcurl's functions for text, which need no handle.
 *
 * @module
 */

import { decoded } from "../../ffi/c_text.ts";
import { cString, type CText, result, utf8 } from "../../ffi/memory.ts";
import { library, native, type Pointer } from "../../ffi/mod.ts";
import { Code, CurlEasyError } from "../errors.ts";
import { show } from "./base/arguments.ts";
import { bytesOf, isByteArray } from "./base/views.ts";

function bytesToRead(what: string, value: unknown): Uint8Array<ArrayBuffer> {
  if (typeof value === "string") return utf8(value);
  const bytes = isByteArray(value) ? bytesOf(value) : undefined;
  if (bytes && bytes.length <= 0x7fffffff) return bytes;
  throw badArgument(what, "a string or bytes", value);
}

function badArgument(what: string, expected: string, value: unknown): CurlEasyError {
  const message = `Cannot ${what}: expected ${expected}, got ${show(value)}`;
  return new CurlEasyError(Code.BAD_FUNCTION_ARGUMENT, message);
}

/** Reads and frees a block that libcurl has allocated. */
function take<T>(what: string, block: Pointer, read: (block: NonNullable<Pointer>) => T): T {
  if (block === null) throw new CurlEasyError(Code.OUT_OF_MEMORY, `Cannot ${what}: it is too long`);
  try {
    return read(block);
  } finally {
    library().symbols.curl_free(block);
  }
}

/**
 * Encodes text for a part of a URL: all bytes but letters, digits and `-._~` become `%XX`. A string
 * is encoded as UTF-8; bytes are taken as they are: {@link
 * https://curl.se/libcurl/c/curl_easy_escape.html}.
 *
 * @throws {CurlEasyError} CURLE_BAD_FUNCTION_ARGUMENT for a value that is neither;
 * CURLE_OUT_OF_MEMORY for one that is longer than libcurl accepts (8 MB).
 * @throws {CurlLoadError} where there is no libcurl.
 *
 * @example
 * ```ts
 * import { escape, unescape } from "curlew";
 *
 * console.log(escape("a b/ü")); // a%20b%2F%C3%BC
 * console.log(unescape("a%20b%2F%C3%BC")); // a b/ü
 * ```
 */
export function escape(text: string | Uint8Array): string {
  const bytes = bytesToRead("escape the text", text);
  if (bytes.length === 0) return ""; // with a length of 0 libcurl would read up to a NUL
  const { curl_easy_escape } = library().symbols;
  const block = curl_easy_escape(null, bytes, bytes.length);
  return take("escape the text", block, (found) => native.string(found) ?? "");
}

/**
 * Decodes each `%XX` of a text; a `+` is not decoded: {@link
 * https://curl.se/libcurl/c/curl_easy_unescape.html}. The result may have any character, NUL and
 * line breaks too. Where the bytes are not UTF-8, each becomes one character, as in latin-1.
 *
 * @throws {CurlEasyError} CURLE_BAD_FUNCTION_ARGUMENT for a value that is neither a string nor
 * bytes; CURLE_OUT_OF_MEMORY for one that is longer than libcurl accepts.
 * @throws {CurlLoadError} where there is no libcurl.
 */
export function unescape(text: string | Uint8Array): string {
  const bytes = bytesToRead("unescape the text", text);
  if (bytes.length === 0) return "";
  const { curl_easy_unescape } = library().symbols;
  const block = curl_easy_unescape(null, bytes, bytes.length, result.i32);
  const length = result.i32[0] as number;
  return take(
    "unescape the text",
    block,
    (found) => length === 0 ? "" : decoded(native.view(found, length)),
  );
}

/**
 * Reads a date of HTTP, mail or a cookie, in any of the forms that libcurl knows: {@link
 * https://curl.se/libcurl/c/curl_getdate.html}. Without a time zone it is in UTC.
 *
 * @returns the date, `null` where the text is not a date.
 * @throws {CurlEasyError} CURLE_BAD_FUNCTION_ARGUMENT for a value that is not a string.
 * @throws {CurlLoadError} where there is no libcurl.
 *
 * @example
 * ```ts
 * import { parseDate } from "curlew";
 *
 * console.log(parseDate("Sun, 06 Nov 1994 08:49:37 GMT")?.toISOString()); // 1994-11-06T08:49:37.000Z
 * console.log(parseDate("yesterday")); // null
 * ```
 */
export function parseDate(text: string): Date | null {
  if (typeof text !== "string") throw badArgument("parse the date", "a string", text);
  if (text.includes("\0")) return null;
  const seconds = library().symbols.curl_getdate(cString(text as CText), null);
  const date = new Date(seconds * 1000);
  return seconds === -1 || Number.isNaN(date.getTime()) ? null : date;
}
