/**
 * Options that are newer than curlew's tables. Only a libcurl that has one can say what it takes, so
 * commands are read and written without a look at it.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import type { FetchCurlOptions } from "../../http/request/plan.ts";

type Entries = [name: string, value: unknown][];

/** The options that the tables have, and the others. */
export function splitNewer(
  options: FetchCurlOptions | null | undefined,
): { readonly known: FetchCurlOptions; readonly newer: Entries } {
  const known: Entries = [], newer: Entries = [];
  for (const entry of Object.entries(options ?? {})) {
    (Object.hasOwn(easyOptions, entry[0].toUpperCase()) ? known : newer).push(entry);
  }
  return { known: Object.fromEntries(known), newer };
}
