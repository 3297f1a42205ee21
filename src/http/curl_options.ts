/**
 * Which easy options `fetch` leaves to its caller.
 *
 * @module
 */

import { easyOptions, type OptionRow } from "../../ffi/curl/options.ts";
import type { EasyOptions } from "../handles/option_types.ts";

/** What `fetch` sets itself, and what to use instead. */
const REFUSED: Readonly<Record<string, string>> = {
  URL: "the first argument",
  CURLU: "the first argument",
  WRITEFUNCTION: "the body of the response",
  WRITEDATA: "the body of the response",
  HEADERFUNCTION: "the headers of the response",
  HEADERDATA: "the headers of the response",
  HEADER: "the headers of the response",
  READFUNCTION: "init.body",
  READDATA: "init.body",
  SEEKFUNCTION: "init.body",
  SEEKDATA: "init.body",
  IOCTLFUNCTION: "init.body",
  IOCTLDATA: "init.body",
  POSTFIELDS: "init.body",
  COPYPOSTFIELDS: "init.body",
  POSTFIELDSIZE: "init.body",
  POSTFIELDSIZE_LARGE: "init.body",
  INFILESIZE: "init.body",
  INFILESIZE_LARGE: "init.body",
  MIMEPOST: "init.body",
  HTTPPOST: "init.body",
  UPLOAD: "init.method and init.body",
  POST: "init.method",
  PUT: "init.method",
  HTTPGET: "init.method",
  NOBODY: "init.method",
  CUSTOMREQUEST: "init.method",
  HTTPHEADER: "init.headers",
  FOLLOWLOCATION: "init.redirect",
  MAXREDIRS: "init.redirect",
  TIMEOUT: "init.timeout",
  TIMEOUT_MS: "init.timeout",
  CONNECTTIMEOUT: "init.connectTimeout",
  CONNECTTIMEOUT_MS: "init.connectTimeout",
  XFERINFOFUNCTION: "init.onProgress",
  XFERINFODATA: "init.onProgress",
  PROGRESSFUNCTION: "init.onProgress",
  NOPROGRESS: "init.onProgress",
  CONNECT_ONLY: "an Easy of your own",
  PRIVATE: "a variable",
  ERRORBUFFER: "the error",
  FAILONERROR: "response.ok",
  SUPPRESS_CONNECT_HEADERS: "nothing: they are never shown",
  WS_OPTIONS: "CurlWebSocket",
};

const table: Readonly<Record<string, OptionRow>> = easyOptions;

/** Gives the options back. Throws `TypeError` for one that would break the transfer. */
export function checkCurlOptions(options: EasyOptions): EasyOptions {
  for (const name of Object.keys(options)) {
    const alias = Object.hasOwn(table, name) ? table[name]?.aliasOf : undefined;
    const instead = REFUSED[name] ?? (alias ? REFUSED[alias] : undefined);
    if (instead) throw new TypeError(`Cannot set ${name} for fetch: use ${instead}`);
  }
  return options;
}
