/**
 * Options that are newer than curlew's tables. Only a libcurl that has them knows their types, but
 * commands are read and written without a loaded library.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import type { FetchCurlOptions } from "../../http/request/plan.ts";

type Entries = [name: string, value: unknown][];

/** Divides options into those of the tables and the newer ones. */
export function splitNewer(
  options: FetchCurlOptions | null | undefined,
): { readonly known: FetchCurlOptions; readonly newer: Entries } {
  const known: Entries = [], newer: Entries = [];
  for (const entry of Object.entries(options ?? {})) {
    (Object.hasOwn(easyOptions, entry[0].toUpperCase()) ? known : newer).push(entry);
  }
  return { known: Object.fromEntries(known), newer };
}
