/**
 * The header API: {@link https://curl.se/libcurl/c/curl_easy_header.html}.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { Struct } from "../../../ffi/memory.ts";
import { library, type Pointer } from "../../../ffi/mod.ts";
import type { EasyState } from "../core/easy_state.ts";
import { member } from "../../members.ts";
import { long } from "../base/arguments.ts";

/** A header of a response: `struct curl_header`. */
export interface Header {
  /** In the letter case of the wire. */
  readonly name: string;
  /** Without the space around it. */
  readonly value: string;
  /** How many headers of that name there are. */
  readonly amount: number;
  /** Which of them this is, from 0. */
  readonly index: number;
  /** A `CURLH_*` bit: where it came from. */
  readonly origin: number;
}

/** Which headers {@linkcode Easy.headers} gives. */
export interface HeadersOptions {
  /**
   * `CURLH_*` bits: `CURLH_HEADER` unless given. libcurl before 8.1 has the trailers of HTTP/2
   * among them, and none of those as `CURLH_TRAILER`.
   */
  readonly origin?: number;
  /** Which request of the transfer, from 0; -1, the default, is the last one. */
  readonly request?: number;
}

/** All headers of that kind, in the order of the wire. */
export function readHeaders(state: EasyState, options: HeadersOptions | null): Header[] {
  const { curl_easy_nextheader } = library().symbols;
  const given = options ?? {};
  const origin = long("the origin of headers", member(given, "origin") ?? flags.CURLH_HEADER) >>> 0;
  const request = long("the request of headers", member(given, "request") ?? -1) | 0;
  const found: Header[] = [];
  let previous: Pointer = null;
  for (;;) {
    previous = curl_easy_nextheader(state.pointer, origin, request, previous);
    if (previous === null) return found;
    // name @0; value @8; size_t amount @16; size_t index @24; unsigned origin @32
    const at = new Struct(previous, 40);
    found.push({
      name: at.string(0) ?? "",
      value: at.string(8) ?? "",
      amount: at.i64(16),
      index: at.i64(24),
      origin: headerOrigin(at.i32(32)),
    });
  }
}

/** libcurl sets a high bit of its own in there. */
function headerOrigin(bits: number): number {
  return bits & 0x1f;
}
