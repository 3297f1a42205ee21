/**
 * `curl_easy_getinfo` in JS terms.
 *
 * @module
 */

import { type InfoKind, type InfoRow, infos } from "../../../ffi/curl/infos.ts";
import { result, Struct } from "../../../ffi/memory.ts";
import { library, native, type Pointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import type { EasyState } from "../core/easy_state.ts";
import { showName } from "../base/arguments.ts";

/** What TLS_SSL_PTR and TLS_SESSION tell: `struct curl_tlssessioninfo`. */
export interface TlsSessionInfo {
  /** `CURLSSLBACKEND_*`. */
  readonly backend: number;
  /** The TLS library's own object, `null` where there is no connection. */
  readonly internals: Pointer;
}

/** The JS value of each kind of info. */
interface ValueOfInfo {
  string: string | null;
  long: number;
  double: number;
  off_t: number;
  socket: number;
  slist: string[];
  certinfo: string[][];
  tlssession: TlsSessionInfo | null;
  pointer: unknown;
}

type InfoTable = typeof infos;

/** The name of an info: curl's own, without `CURLINFO_`. */
export type InfoName = keyof InfoTable;

/** The value of an info. */
export type InfoValue<N extends InfoName> = ValueOfInfo[InfoTable[N]["kind"]];

const table: Readonly<Record<string, InfoRow>> = infos;

let byId: Map<number, InfoRow> | undefined;

function find(info: unknown): InfoRow {
  if (typeof info === "string" && Object.hasOwn(table, info)) return table[info] as InfoRow;
  if (typeof info === "number") {
    byId ??= new Map(Object.values(table).map((row) => [row.id, row]));
    const row = byId.get(info) ?? unknownRow(info);
    if (row) return row;
  }
  throw new CurlEasyError(Code.UNKNOWN_OPTION, `Unknown info: ${showName(info)}`);
}

/** The kind of a newer info, from the bits of its number. */
function unknownRow(id: number): InfoRow | undefined {
  const kinds: Record<number, InfoKind> = {
    0x100000: "string",
    0x200000: "long",
    0x300000: "double",
    0x500000: "socket",
    0x600000: "off_t",
  };
  const kind = kinds[id & 0xf00000];
  return kind && Number.isInteger(id) && id < 0x700000 ? { id, kind, since: 0 } : undefined;
}

/** Reads one info of a handle. */
export function getInfo<N extends InfoName>(state: EasyState, which: N): InfoValue<N>;
/** The same by a name or number that is not known beforehand. */
export function getInfo(state: EasyState, which: unknown): unknown;
export function getInfo(state: EasyState, which: unknown): unknown {
  void state.pointer; // is it open?
  const info = find(which);
  if (info.id === infos.PRIVATE.id) return state.settings.privateValue;
  if (info.id === infos.FTP_ENTRY_PATH.id) { // libcurl's may dangle: ftp_entry_path.ts
    return state.settings.ftpOrigin === null ? null : state.ftpEntryPath ?? null;
  }
  return readInfo(state, info, which);
}

/** Asks libcurl for an info. */
export function readInfo(state: EasyState, info: InfoRow, which: unknown = info.id): unknown {
  result.clear();
  const code = library().symbols.curl_easy_getinfo.out(state.pointer, info.id, result.i32);
  if (code !== Code.OK) {
    const words = native.string(library().symbols.curl_easy_strerror(code));
    throw new CurlEasyError(code, `Cannot get ${String(which)}: ${words}`);
  }
  return readResult(info.kind);
}

function readResult(kind: InfoKind): unknown {
  switch (kind) {
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
      return takeList(result.pointer());
    case "certinfo":
      return readCertInfo(result.pointer());
    case "tlssession":
      return readTlsSession(result.pointer());
    case "pointer":
      return result.pointer();
  }
}

/** The lines of a `struct curl_slist`: char *data @0; struct curl_slist *next @8. */
function readList(list: Pointer): string[] {
  const lines: string[] = [];
  for (let node = list; node !== null;) {
    const at: Struct = new Struct(node, 16);
    lines.push(at.string(0) ?? "");
    node = at.pointer(8);
  }
  return lines;
}

/** A list that libcurl made for the caller, who frees it. */
function takeList(list: Pointer): string[] {
  const lines = readList(list);
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
