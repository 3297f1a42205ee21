/**
 * The one place where a `setopt` code becomes an error.
 *
 * @module
 */

import { easyCodeName } from "../../../ffi/curl/codes.ts";
import { library, native } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";

/** Throws where setting that option failed. */
export function checkSetopt(option: string, code: number): void {
  if (code === Code.OK) return;
  const words = native.string(library().symbols.curl_easy_strerror(code)) ?? easyCodeName(code);
  throw new CurlEasyError(code, `Cannot set ${option}: ${words}`);
}
