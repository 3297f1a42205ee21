/**
 * `curl_easy_getinfo`: finds the info and converts its value.
 *
 * @module
 */

import { type InfoKind, type InfoRow, infos } from "../../../ffi/curl/infos.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import type { EasyState } from "../core/easy_state.ts";
import { readInfo } from "../core/info.ts";
import { unknownName } from "../base/unknown_name.ts";
import type { InfoTypes } from "./types/infos.ts";

/** The name of an info: curl's own, without `CURLINFO_`. */
export type InfoName = keyof InfoTypes;

/** The value of an info. */
export type InfoValue<N extends InfoName> = InfoTypes[N];

const table: Readonly<Record<string, InfoRow>> = infos;

let byId: Map<number, InfoRow> | undefined;

function find(info: unknown): InfoRow {
  if (typeof info === "string" && Object.hasOwn(table, info)) return table[info] as InfoRow;
  if (typeof info === "number") {
    byId ??= new Map(Object.values(table).map((row) => [row.id, row]));
    const row = byId.get(info) ?? unknownRow(info);
    if (row) return row;
  }
  throw new CurlEasyError(Code.UNKNOWN_OPTION, unknownName("info", info, Object.keys(table)));
}

/** A row for an info that is newer than the table: bits of its number encode the kind. */
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

/** Reads an info of a handle. */
export function getInfo<N extends InfoName>(state: EasyState, which: N): InfoValue<N>;
/** Reads an info by a name or number that the compiler does not know. */
export function getInfo(state: EasyState, which: unknown): unknown;
export function getInfo(state: EasyState, which: unknown): unknown {
  void state.pointer; // throws for a closed handle
  const info = find(which);
  if (info.id === infos.PRIVATE.id) return state.settings.privateValue;
  if (info.id === infos.FTP_ENTRY_PATH.id) { // libcurl's string may dangle: ftp_entry_path.ts
    return state.settings.ftpOrigin === null ? null : state.ftpEntryPath ?? null;
  }
  return readInfo(state, info, which);
}
