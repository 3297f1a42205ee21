/**
 * Makes the rows of curlew's tables from the headers and documents of a release of curl.
 *
 * @module
 */

import { defaultOf } from "./defaults.ts";
import { fail, type Headers } from "./headers.ts";

/** The fields of a row, in the order in which they are printed; `undefined` ones are left out. */
export type Row = Readonly<Record<string, number | string | true | undefined>>;
/** Rows by key. */
export type Table = Map<string, Row>;

/** A line of `symbols-in-versions`, with its versions as 0xXXYYZZ. */
export interface CurlSymbol {
  readonly since: number;
  readonly deprecated?: number;
  readonly last?: number;
}

/** The parts of a release of curl that the tables are made from. */
export interface Release {
  readonly headers: Headers;
  readonly symbols: ReadonlyMap<string, CurlSymbol>;
  /** The manual page of an option by its C name. */
  page(name: string): string | undefined;
}

const KINDS: Readonly<Record<string, string>> = {
  CURLOPTTYPE_LONG: "long",
  CURLOPTTYPE_VALUES: "values",
  CURLOPTTYPE_OFF_T: "off_t",
  CURLOPTTYPE_OBJECTPOINT: "object",
  CURLOPTTYPE_STRINGPOINT: "string",
  CURLOPTTYPE_SLISTPOINT: "slist",
  CURLOPTTYPE_CBPOINT: "cbptr",
  CURLOPTTYPE_BLOB: "blob",
  CURLOPTTYPE_FUNCTIONPOINT: "function",
};

const NUMERIC = new Set(["long", "values", "off_t"]);

/** The rows of `curl_easy_setopt`, aliases included. */
export function easyOptions(release: Release): Table {
  const rows = optionRows(release, "CURLOPT_", "CURLoption", (_, type) => KINDS[type!]);
  return sorted(withAliases(release, "CURLOPT_", rows));
}

/** The rows of `curl_multi_setopt`. */
export function multiOptions(release: Release): Table {
  return sorted(optionRows(release, "CURLMOPT_", "CURLMoption", (name, type) => {
    // multi.h declares the data of callbacks as plain objects.
    return name.endsWith("DATA") ? "cbptr" : KINDS[type!];
  }));
}

/** The rows of `curl_share_setopt`, whose options have no type in the header. */
export function shareOptions(release: Release): Table {
  const kinds: Readonly<Record<string, string>> = {
    CURLSHOPT_SHARE: "long",
    CURLSHOPT_UNSHARE: "long",
    CURLSHOPT_LOCKFUNC: "function",
    CURLSHOPT_UNLOCKFUNC: "function",
    CURLSHOPT_USERDATA: "cbptr",
  };
  return sorted(optionRows(release, "CURLSHOPT_", "CURLSHoption", (name) => kinds[name]));
}

function optionRows(
  release: Release,
  prefix: string,
  type: string,
  kindOf: (name: string, optionType: string | undefined) => string | undefined,
): Table {
  const table: Table = new Map();
  for (const { name, value, optionType } of release.headers.members(type)) {
    if (isMarker(name) || name.endsWith("_NONE")) continue;
    const kind = kindOf(name, optionType) ?? fail(`no kind for ${name}`);
    table.set(name.slice(prefix.length), {
      id: value,
      kind,
      ...history(release, name),
      default: NUMERIC.has(kind) ? defaultOf(name, release.page(name), release.headers) : undefined,
    });
  }
  return table;
}

/** The rows of `curl_easy_getinfo`. */
export function infos(release: Release): Table {
  const table: Table = new Map();
  for (const { name, value } of release.headers.members("CURLINFO")) {
    if (isMarker(name) || name.endsWith("_NONE")) continue;
    const kind = infoKind(name, value);
    table.set(name.slice("CURLINFO_".length), { id: value, kind, ...history(release, name) });
  }
  return sorted(withAliases(release, "CURLINFO_", table));
}

function infoKind(name: string, id: number): string {
  switch (name) {
    case "CURLINFO_PRIVATE":
      return "pointer";
    case "CURLINFO_CERTINFO":
      return "certinfo";
    case "CURLINFO_TLS_SESSION":
    case "CURLINFO_TLS_SSL_PTR":
      return "tlssession";
  }
  const kinds = ["", "string", "long", "double", "slist", "socket", "off_t"];
  return kinds[id >> 20] || fail(`no kind for ${name}`);
}

// Adds a row for each alias, so that a name is found in one step.
function withAliases(release: Release, prefix: string, table: Table): Table {
  for (const [alias, name] of release.headers.renames) {
    const row = table.get(name.slice(prefix.length));
    if (!alias.startsWith(prefix) || !name.startsWith(prefix) || row === undefined) continue;
    const { id, kind, default: initial } = row;
    table.set(alias.slice(prefix.length), {
      id,
      kind,
      ...history(release, alias),
      aliasOf: name.slice(prefix.length),
      default: initial,
    });
  }
  return table;
}

/** The rows of an enum of error codes, aliases last. */
export function codes(release: Release, prefix: string, type: string): Table {
  const { headers, symbols } = release;
  const table: Table = new Map();
  for (const { name, value } of headers.members(type)) {
    if (!isMarker(name)) table.set(name, codeRow(release, name, value));
  }
  for (const name of headers.names) {
    if (!name.startsWith(prefix) || table.has(name) || isMarker(name)) continue;
    if (!symbols.has(name) && !/_OBSOLETE\d*$/.test(name)) continue;
    const code = headers.evaluate(name) ?? fail(`${name} is not a number`);
    const [aliasOf] = [...table].find(([, row]) => row["code"] === code) ?? [];
    table.set(name, {
      ...codeRow(release, aliasOf ?? name, code),
      ...history(release, name),
      aliasOf,
    });
  }
  return table;
}

function codeRow(release: Release, name: string, code: number): Row {
  // An obsolete code is one that libcurl no longer returns.
  const obsolete = /_OBSOLETE\d*$/.test(name) || name === "CURLE_ALREADY_COMPLETE";
  return { code, ...history(release, name), obsolete: obsolete || undefined };
}

/** All other numbers, by C name. `taken` has the names of the other tables. */
export function flags(release: Release, taken: ReadonlySet<string>): Map<string, number> {
  const table = new Map<string, number>();
  for (const name of release.headers.names) {
    if (!/^CURL/.test(name) || taken.has(name) || isMarker(name) || LEFTOVER.test(name)) continue;
    const value = release.headers.evaluate(name);
    if (value !== undefined) table.set(name, value);
  }
  return sorted(table);
}

/** Whether a name marks the end of a list, whose number differs between releases. */
export function isMarker(name: string): boolean {
  return /_(LAST|LASTENTRY|LASTONE|END)$/.test(name) && name !== "CURLFORM_END";
}

/** The names of removed options that the headers still define, all of them as 9999. */
export const LEFTOVER: RegExp = /^CURLOPT_(OBSOLETE\d+|WRITEINFO|CLOSEPOLICY)$/;

function history({ symbols }: Release, name: string): Row {
  const symbol = symbols.get(name);
  // `symbols-in-versions` does not list placeholders.
  return { since: symbol?.since ?? 0, deprecated: symbol?.deprecated, removed: symbol?.last };
}

function sorted<T>(table: Map<string, T>): Map<string, T> {
  return new Map([...table].sort(([a], [b]) => (a < b ? -1 : 1)));
}
