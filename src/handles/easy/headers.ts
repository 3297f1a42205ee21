/**
 * libcurl's header API: {@link https://curl.se/libcurl/c/curl_easy_header.html}.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { cString, result, Struct } from "../../../ffi/memory.ts";
import { library, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import type { EasyState } from "../core/easy_state.ts";
import { member } from "../../members.ts";
import { badValue, text, wholeNumber, word } from "../base/arguments.ts";

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

/** Selects one header of {@linkcode Easy.header}. */
export interface HeaderOptions extends HeadersOptions {
  /** Which of the headers with that name, from 0, which is the default. */
  readonly index?: number;
}

// CURLHcode: there is no such header, index or request, or no headers yet
const CURLHE_OK = 0, CURLHE_BADINDEX = 1, CURLHE_NOREQUEST = 4;

/** Reads one header by its name, `null` where there is none. */
export function readHeader(
  state: EasyState,
  name: unknown,
  options: HeaderOptions | null,
): Header | null {
  const { curl_easy_header } = library().symbols, given = options ?? {};
  const wanted = text("the name of a header", name), at = member(given, "index") ?? 0;
  const index = wholeNumber(at, 0, 0x7fffffff);
  if (index === undefined) throw badValue("the index of a header", "a whole number from 0", at);
  const { origin, request } = selectionOf(given);
  const { pointer } = state;
  const code = curl_easy_header(pointer, cString(wanted), index, origin, request, result.i32);
  if (code === CURLHE_OK) return headerAt(result.pointer() as NonNullPointer);
  if (code >= CURLHE_BADINDEX && code <= CURLHE_NOREQUEST) return null;
  const message = `Cannot read a header (CURLHcode ${code}): expected a name, an origin of ` +
    "CURLH_* bits and a request from -1";
  throw new CurlEasyError(Code.BAD_FUNCTION_ARGUMENT, message);
}

function selectionOf(options: HeadersOptions): { origin: number; request: number } {
  const origin = member(options, "origin") ?? flags.CURLH_HEADER;
  return {
    origin: word("the origin of headers", origin) >>> 0,
    request: word("the request of headers", member(options, "request") ?? -1) | 0,
  };
}

/** Reads the selected headers, in the order received. */
export function readHeaders(state: EasyState, options: HeadersOptions | null): Header[] {
  const { curl_easy_nextheader } = library().symbols;
  const { origin, request } = selectionOf(options ?? {});
  const found: Header[] = [];
  let previous: Pointer = null;
  for (;;) {
    previous = curl_easy_nextheader(state.pointer, origin, request, previous);
    if (previous === null) return found;
    found.push(headerAt(previous));
  }
}

function headerAt(header: NonNullPointer): Header {
  // name @0; value @8; size_t amount @16; size_t index @24; unsigned origin @32
  const at = new Struct(header, 40);
  return {
    name: at.string(0) ?? "",
    value: at.string(8) ?? "",
    amount: at.i64(16),
    index: at.i64(24),
    origin: headerOrigin(at.i32(32)),
  };
}

/** The `CURLH_*` bits of an origin, in which libcurl also sets a high bit of its own. */
function headerOrigin(bits: number): number {
  return bits & 0x1f;
}
