/**
 * `curl_easy_getinfo` for the state of a handle. curlew itself does not call the public `getInfo`,
 * which a subclass may override.
 *
 * @module
 */

import { type InfoRow, infos } from "../../../ffi/curl/infos.ts";
import { latin1At, result, Struct } from "../../../ffi/memory.ts";
import { library, native, type Pointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import type { EasyState } from "./easy_state.ts";

/** The value of TLS_SSL_PTR and TLS_SESSION: `struct curl_tlssessioninfo`. */
export interface TlsSessionInfo {
  /** The TLS library, a `CURLSSLBACKEND_*`. */
  readonly backend: number;
  /** The TLS library's own object, `null` where there is no connection. */
  readonly internals: Pointer;
}

/** Reads an info from libcurl. `which` is its name in an error message. */
export function readInfo(state: EasyState, info: InfoRow, which: unknown = info.id): unknown {
  result.clear();
  const code = library().symbols.curl_easy_getinfo.out(state.pointer, info.id, result.i32);
  if (code !== Code.OK) {
    const text = native.string(library().symbols.curl_easy_strerror(code));
    throw new CurlEasyError(code, `Cannot get ${String(which)}: ${text}`);
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

/** Reads the lines of a `struct curl_slist`: char *data @0; struct curl_slist *next @8. */
function readList(list: Pointer, isLatin1 = false): string[] {
  const lines: string[] = [];
  for (let node = list; node !== null;) {
    const at: Struct = new Struct(node, 16), line = at.pointer(0);
    lines.push((isLatin1 && line !== null ? latin1At(line) : native.string(line)) ?? "");
    node = at.pointer(8);
  }
  return lines;
}

/** Reads and frees a list, which libcurl has allocated for the caller. */
function takeList(list: Pointer, isLatin1: boolean): string[] {
  const lines = readList(list, isLatin1);
  if (list !== null) library().symbols.curl_slist_free_all(list);
  return lines;
}

/**
 * Reads a `struct curl_certinfo`, which libcurl owns: int num_of_certs @0; struct curl_slist
 * **certinfo @8.
 */
function readCertInfo(pointer: Pointer): string[][] {
  if (pointer === null) return [];
  const at = new Struct(pointer, 16), count = at.i32(0), lists = at.pointer(8);
  if (count <= 0 || lists === null) return [];
  const array = new Struct(lists, 8 * count);
  return Array.from({ length: count }, (_, i) => readList(array.pointer(8 * i)));
}

/** Reads a `struct curl_tlssessioninfo`: curl_sslbackend backend @0; void *internals @8. */
function readTlsSession(pointer: Pointer): TlsSessionInfo | null {
  if (pointer === null) return null;
  const at = new Struct(pointer, 16);
  return { backend: at.i32(0), internals: at.pointer(8) };
}
