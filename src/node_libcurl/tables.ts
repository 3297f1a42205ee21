/**
 * Reads curl's tables for this room. Only this file depends on their form.
 *
 * @module
 */

import { easyCodes, multiCodes, shareCodes } from "../../ffi/curl/codes.ts";
import { type InfoRow, infos } from "../../ffi/curl/infos.ts";
import { easyOptions, multiOptions, type OptionRow } from "../../ffi/curl/options.ts";
import { constants } from "../constants.ts";
import { isPresent } from "../libcurl_versions.ts";

/** An option by its name: curl's own, without the prefix. */
export interface NamedOption extends OptionRow {
  readonly name: string;
}

/** An info by its name: curl's own, without `CURLINFO_`. */
export interface NamedInfo extends InfoRow {
  readonly name: string;
}

/** An index of the rows of a table by name, and by number as text. */
function index<T extends { readonly id: number; readonly aliasOf?: string }>(
  table: Readonly<Record<string, T>>,
): Map<string, T & { readonly name: string }> {
  const found = new Map<string, T & { readonly name: string }>();
  for (const [name, row] of Object.entries(table)) {
    const named = { name, ...row };
    found.set(name, named);
    if (row.aliasOf === undefined) found.set(String(row.id), named);
  }
  return found;
}

let easy: Map<string, NamedOption> | undefined;
let multi: Map<string, NamedOption> | undefined;
let info: Map<string, NamedInfo> | undefined;

/** The row of a name in any case, or of a number. */
function find<T>(rows: Map<string, T>, which: unknown): T | undefined {
  if (typeof which === "number") return rows.get(String(which));
  return typeof which === "string" && /\D/.test(which) ? rows.get(which.toUpperCase()) : undefined;
}

/** The easy option of that name in any case, or of that number. */
export function easyOption(which: unknown): NamedOption | undefined {
  return find(easy ??= index<OptionRow>(easyOptions), which);
}

/** The multi option of that name in any case, or of that number. */
export function multiOption(which: unknown): NamedOption | undefined {
  return find(multi ??= index<OptionRow>(multiOptions), which);
}

/** The info of that name in any case, or of that number. */
export function infoRow(which: unknown): NamedInfo | undefined {
  return find(info ??= index<InfoRow>(infos), which);
}

/** The easy options that the loaded libcurl has. */
export function easyOptionNames(): string[] {
  return present(easyOptions);
}

/** The infos that the loaded libcurl has. */
export function infoNames(): string[] {
  return present(infos);
}

function present(table: Readonly<Record<string, Parameters<typeof isPresent>[0]>>): string[] {
  return Object.entries(table).filter(([, row]) => isPresent(row)).map(([name]) => name);
}

/** A name without underscores, in lower case: the same for `SSL_VERIFYPEER` and `sslVerifyPeer`. */
export function plain(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

let optionsByPlainName: Map<string, string> | undefined;

/** The easy option of a name in camel case. */
export function optionOfCamelCase(name: string): string | undefined {
  optionsByPlainName ??= new Map(Object.keys(easyOptions).map((option) => [plain(option), option]));
  return optionsByPlainName.get(plain(name));
}

let numbers: Map<string, number> | undefined;

/** The number of a C name, in any letter case and without its underscores. */
export function numberOf(name: string): number {
  numbers ??= new Map(Object.entries(constants).map(([cName, number]) => [plain(cName), number]));
  const number = numbers.get(plain(name));
  if (number === undefined) throw new Error(`Cannot find ${name} in curl's tables`);
  return number;
}

/** The codes of a kind of handle; present names come before obsolete ones. */
export function codes(of: "easy" | "multi" | "share"): (readonly [name: string, code: number])[] {
  const table: Readonly<Record<string, { readonly code: number; readonly aliasOf?: string }>> =
    { easy: easyCodes, multi: multiCodes, share: shareCodes }[of];
  const rows = Object.entries(table);
  return [
    ...rows.filter(([, row]) => row.aliasOf === undefined),
    ...rows.filter(([, row]) => row.aliasOf !== undefined),
  ].map(([name, { code }]) => [name, code] as const);
}
