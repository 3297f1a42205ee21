/**
 * `curl_easy_getinfo` on the state of a handle, for the inside: a method of the public object may be
 * overridden.
 *
 * @module
 */

import { type InfoRow, infos } from "../../../ffi/curl/infos.ts";
import { latin1At, result, Struct } from "../../../ffi/memory.ts";
import { library, native, type Pointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import type { EasyState } from "./easy_state.ts";

/** What TLS_SSL_PTR and TLS_SESSION tell: `struct curl_tlssessioninfo`. */
export interface TlsSessionInfo {
  /** `CURLSSLBACKEND_*`. */
  readonly backend: number;
  /** The TLS library's own object, `null` where there is no connection. */
  readonly internals: Pointer;
}

/** Asks libcurl for an info. */
export function readInfo(state: EasyState, info: InfoRow, which: unknown = info.id): unknown {
  result.clear();
  const code = library().symbols.curl_easy_getinfo.out(state.pointer, info.id, result.i32);
  if (code !== Code.OK) {
    const words = native.string(library().symbols.curl_easy_strerror(code));
    throw new CurlEasyError(code, `Cannot get ${String(which)}: ${words}`);
  }
  return readResult(info);
}

function readResult(info: InfoRow): unknown {
  switch (info.kind) {
    case "string":
      return native.string(result.pointer());
    case "long":
      return native.os === "windows" ? result.i32[0] : result.integer();
    case "off_t":
      return result.integer();
    case "double":
      return result.f64[0];
    case "socket":
      return result.i32[0];
    case "slist":
      return takeList(result.pointer(), info.id === infos.COOKIELIST.id);
    case "certinfo":
      return readCertInfo(result.pointer());
    case "tlssession":
      return readTlsSession(result.pointer());
    case "pointer":
      return result.pointer();
  }
}

/** The lines of a `struct curl_slist`: char *data @0; struct curl_slist *next @8. */
function readList(list: Pointer, isLatin1 = false): string[] {
  const lines: string[] = [];
  for (let node = list; node !== null;) {
    const at: Struct = new Struct(node, 16), line = at.pointer(0);
    lines.push((isLatin1 && line !== null ? latin1At(line) : native.string(line)) ?? "");
    node = at.pointer(8);
  }
  return lines;
}

/** A list that libcurl made for the caller, who frees it. */
function takeList(list: Pointer, isLatin1: boolean): string[] {
  const lines = readList(list, isLatin1);
  if (list !== null) library().symbols.curl_slist_free_all(list);
  return lines;
}

/** int num_of_certs @0; struct curl_slist **certinfo @8: libcurl's own, not to be freed. */
function readCertInfo(pointer: Pointer): string[][] {
  if (pointer === null) return [];
  const at = new Struct(pointer, 16), count = at.i32(0), lists = at.pointer(8);
  if (count <= 0 || lists === null) return [];
  const array = new Struct(lists, 8 * count);
  return Array.from({ length: count }, (_, i) => readList(array.pointer(8 * i)));
}

/** curl_sslbackend backend @0; void *internals @8 */
function readTlsSession(pointer: Pointer): TlsSessionInfo | null {
  if (pointer === null) return null;
  const at = new Struct(pointer, 16);
  return { backend: at.i32(0), internals: at.pointer(8) };
}
