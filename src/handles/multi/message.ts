/**
 * `CURLMsg`: CURLMSG msg @0; CURL *easy_handle @8; CURLcode result @16.
 *
 * @module
 */

import { libc } from "../../../ffi/libc.ts";
import type { Pointer } from "../../../ffi/mod.ts";

const words = new Int32Array(new ArrayBuffer(24));
const MSG_DONE = 1;

/** The address of the easy handle and its result, or `null` for NULL. */
export function cMessage(message: Pointer): { easy: number; result: number } | null {
  if (message === null) return null;
  // a copy by one call is cheaper than a view on C memory
  libc.memcpy_in(words, message, 24n);
  if (words[0] !== MSG_DONE) return null;
  return {
    easy: (words[3] as number) * 0x100000000 + ((words[2] as number) >>> 0),
    result: words[4] as number,
  };
}
