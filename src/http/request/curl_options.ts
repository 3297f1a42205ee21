/**
 * Which easy options `fetch` leaves to its caller.
 *
 * @module
 */

import { easyOptions, type OptionRow } from "../../../ffi/curl/options.ts";
import type { EasyOptions } from "../../handles/easy/easy.ts";

/** What `fetch` sets itself, and what to use instead. */
const REFUSED = new Map(Object.entries({
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
}));

const table: Readonly<Record<string, OptionRow>> = easyOptions;

/**
 * The options that are set, by their names in capitals, as libcurl takes them in any case.
 * Throws `TypeError` for one that would break the transfer: one of `refused`, which tells what
 * `call` has instead.
 */
export function checkCurlOptions(
  options: EasyOptions,
  refused: ReadonlyMap<string, string> = REFUSED,
  call = "fetch",
): EasyOptions {
  const checked: Record<string, unknown> = {};
  for (const [given, value] of Object.entries(options)) {
    const name = given.toUpperCase();
    const alias = Object.hasOwn(table, name) ? table[name]?.aliasOf : undefined;
    const instead = refused.get(alias ?? name) ?? refused.get(name);
    if (instead) throw new TypeError(`Cannot set ${name} for ${call}: use ${instead}`);
    if (value !== undefined) checked[name] = value;
  }
  return checked;
}

/** Whether one of those options is set. */
export function hasAny(options: EasyOptions, names: ReadonlySet<string>): boolean {
  for (const name in options) if (names.has(name)) return true;
  return false;
}

/** What is for the origin that it was given for, and not for where it redirects to. */
const CREDENTIALS = new Set([
  "AWS_SIGV4",
  "COOKIE",
  "COOKIEFILE",
  "COOKIELIST",
  "LOGIN_OPTIONS",
  "PASSWORD",
  "USERNAME",
  "USERPWD",
  "XOAUTH2_BEARER",
]);

/** The options without credentials. Cookies that have a domain go on by themselves. */
export function withoutCredentials(options: EasyOptions): EasyOptions {
  const kept = Object.entries(options).filter(([name]) => !CREDENTIALS.has(name));
  if ("COOKIEFILE" in options || "COOKIELIST" in options) kept.push(["COOKIEFILE", ""]);
  return Object.fromEntries(kept);
}
