/**
 * Reads a `CURLMsg`: CURLMSG msg @0; CURL *easy_handle @8; CURLcode result @16.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { libc } from "../../../ffi/libc.ts";
import type { Pointer } from "../../../ffi/mod.ts";

const words = new Int32Array(new ArrayBuffer(24));
const { CURLMSG_DONE } = flags;

/** The address and the result of the easy handle; `null` for NULL and for any message but DONE. */
export function cMessage(message: Pointer): { easy: number; result: number } | null {
  if (message === null) return null;
  // one call that copies is cheaper than a view of C memory
  libc.memcpy_in(words, message, 24n);
  if (words[0] !== CURLMSG_DONE) return null;
  return {
    easy: (words[3] as number) * 0x100000000 + ((words[2] as number) >>> 0),
    result: words[4] as number,
  };
}
