/**
 * Turns the `CURLcode` of `curl_easy_setopt` into an error. No other file does that.
 *
 * @module
 */

import { easyCodeName } from "../../../ffi/curl/codes.ts";
import { library, native } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";

/** Throws `CurlEasyError` unless `code` is CURLE_OK. */
export function checkSetopt(option: string, code: number): void {
  if (code === Code.OK) return;
  const text = native.string(library().symbols.curl_easy_strerror(code)) ?? easyCodeName(code);
  throw new CurlEasyError(code, `Cannot set ${option}: ${text}`);
}
