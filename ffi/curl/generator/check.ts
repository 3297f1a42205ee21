/**
 * Checks the tables before they are written.
 *
 * @module
 */

import { fail, type Headers } from "./headers.ts";
import { LEFTOVER, type Release, type Table } from "./tables.ts";

/** The symbols of the headers that belong to no table, with the reasons. */
const EXCLUDED: readonly [why: string, names: RegExp][] = [
  ["marks the end of a list", /_(LAST|LASTENTRY|LASTONE|END)$/],
  ["left over from an option that is gone", LEFTOVER],
  ["macro with arguments", /^(CURL_(AT_LEAST_VERSION|VERSION_BITS)|CURLOPT|CURLOPTDEPRECATED)$/],
  ["for the C compiler only", /^CURL_(DEPRECATED|IGNORE_DEPRECATION|HAS_DECLSPEC_ATTRIBUTE)$/],
  ["for the C compiler only", /^(CURL_(DID_MEMORY_FUNC_TYPEDEFS|STRICTER)|CURLWARNING)$/],
  ["for the C compiler only", /^CURL_PULL_SYS_POLL_H$/],
  ["about the headers, not about the loaded library", /^LIBCURL_/],
];

/** Throws where a symbol of `symbols-in-versions` and of the headers is in no table. */
export function checkComplete(release: Release, names: ReadonlySet<string>): void {
  for (const [name, { last }] of release.symbols) {
    if (names.has(name) || EXCLUDED.some(([, excluded]) => excluded.test(name))) continue;
    const gone = last !== undefined && !release.headers.has(name);
    if (!gone) fail(`${name} is in symbols-in-versions but in no table`);
  }
}

/** Throws where a row has no version, because `symbols-in-versions` does not list its name. */
export function checkDated(table: Table): void {
  for (const [name, { since }] of table) {
    if (since === 0 && !/OBSOLETE\d*$/.test(name)) fail(`no version known for ${name}`);
  }
}

/** Throws where the table differs from libcurl's own table of options, `lib/easyoptions.c`. */
export function checkEasyOptions(options: Table, source: string, headers: Headers): void {
  const row = /\{\s*"(\w+)",\s*(CURLOPT_\w+),\s*CURLOT_(\w+),\s*(\w+)\s*\}/g;
  const theirs = [...source.matchAll(row)].map(([, name, id, type, flags]) => {
    return `${name} ${headers.evaluate(id!)} ${type!.toLowerCase()} ${flags !== "0"}`;
  });
  const ours = [...options].map(([name, { id, kind, aliasOf }]) => {
    return `${name} ${id} ${kind} ${aliasOf !== undefined}`;
  });
  const differing = [
    ...theirs.filter((line) => !ours.includes(line)),
    ...ours.filter((line) => !theirs.includes(line)),
  ];
  if (differing.length > 0) fail(`lib/easyoptions.c differs: ${differing.join(", ")}`);
}
