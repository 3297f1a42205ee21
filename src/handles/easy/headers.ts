/**
 * libcurl's header API: {@link https://curl.se/libcurl/c/curl_easy_header.html}.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { Struct } from "../../../ffi/memory.ts";
import { library, type Pointer } from "../../../ffi/mod.ts";
import type { EasyState } from "../core/easy_state.ts";
import { member } from "../../members.ts";
import { long } from "../base/arguments.ts";

/** A response header: `struct curl_header`. */
export interface Header {
  /** The name, in the letter case of the server. */
  readonly name: string;
  /** The value, without the space around it. */
  readonly value: string;
  /** How many headers of that name there are. */
  readonly amount: number;
  /** The index of this header among those of its name, from 0. */
  readonly index: number;
  /** The kind of header, a `CURLH_*` bit. */
  readonly origin: number;
}

/** Selects the headers of {@linkcode Easy.headers}. */
export interface HeadersOptions {
  /**
   * The kinds of headers, `CURLH_*` bits. The default is `CURLH_HEADER`. libcurl before 8.1 takes
   * the trailers of HTTP/2 for `CURLH_HEADER`, and none for `CURLH_TRAILER`.
   */
  readonly origin?: number;
  /** The index of a request of the transfer, from 0. The default, -1, is the last request. */
  readonly request?: number;
}

/** Reads the selected headers, in the order received. */
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

/** The `CURLH_*` bits of an origin, in which libcurl also sets a high bit of its own. */
function headerOrigin(bits: number): number {
  return bits & 0x1f;
}
