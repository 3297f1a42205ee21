import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type CurlSymbols, library } from "../../ffi/mod.ts";

/** The library under test: the system's, or what CURLEW_LIBRARY names. */
export const curl: CurlSymbols = library().symbols;
/** Its version as 0xXXYYZZ. */
export const versionNum: number = library().versionNum;

/** Whether the library may have more than the tables. */
export const newerThanTables: boolean = versionNum > tablesVersion();

/** The rows of a table that the loaded library must know, by their version. */
export function known<T extends { readonly since: number }>(
  table: Readonly<Record<string, T>>,
): [name: string, row: T][] {
  return Object.entries(table).filter(([, { since }]) => since <= versionNum);
}

// The first line of a generated file names the version it was made from.
function tablesVersion(): number {
  const file = fileURLToPath(new URL("../../ffi/curl/options.ts", import.meta.url).href);
  const text = readFileSync(file, "utf8");
  const [, major, minor, patch] = /^\/\/ Generated .* curl (\d+)\.(\d+)\.(\d+);/.exec(text)!;
  return Number(major) << 16 | Number(minor) << 8 | Number(patch);
}
