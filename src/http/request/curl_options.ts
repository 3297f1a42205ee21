/**
 * `init.curl`: the options of libcurl that callers of `fetch` and `CurlWebSocket` may set.
 *
 * @module
 */

import { easyOptions, type OptionRow } from "../../../ffi/curl/options.ts";
import { type Easy, type EasyOptions, stateOf } from "../../handles/easy/easy.ts";
import { copyOfValue, setOption } from "../../handles/easy/options.ts";
import { checkedProxyHeaders } from "./framing.ts";
import { typeError } from "../errors.ts";

/** A call that takes `init.curl`. */
export type OptionTaker = "fetch" | "CurlWebSocket";

const BY_CALLER = null;
const EVENTS = "the events of the socket", GET = "nothing: the handshake is a GET";
const NO_BODY = "nothing: the handshake has no body";
const NO_REDIRECT = "nothing: a WebSocket is not redirected";

type Row = readonly [options: string, fetch: string | null, webSocket: string | null];

/**
 * Options that the calls set themselves, and the replacements in `fetch` and in `CurlWebSocket`.
 */
const RESERVED: readonly Row[] = [
  ["URL CURLU", "the first argument", "the first argument"],
  ["PROTOCOLS PROTOCOLS_STR", BY_CALLER, "the first argument"],
  ["WRITEFUNCTION WRITEDATA", "the body of the response", EVENTS],
  ["HEADERFUNCTION HEADERDATA HEADER", "the headers of the response", EVENTS],
  ["READFUNCTION READDATA SEEKFUNCTION SEEKDATA", "init.body", "send()"],
  ["IOCTLFUNCTION IOCTLDATA", "init.body", "send()"],
  ["POSTFIELDS COPYPOSTFIELDS POSTFIELDSIZE POSTFIELDSIZE_LARGE", "init.body", NO_BODY],
  ["INFILESIZE INFILESIZE_LARGE MIMEPOST HTTPPOST", "init.body", NO_BODY],
  ["UPLOAD", "init.method and init.body", NO_BODY],
  ["POST PUT HTTPGET NOBODY CUSTOMREQUEST", "init.method", GET],
  ["HTTPHEADER", "init.headers", "init.headers"],
  ["HTTP_VERSION", BY_CALLER, "nothing: the handshake is HTTP/1.1"],
  ["HTTPPROXYTUNNEL", BY_CALLER, "nothing: a proxy is always asked for a tunnel"],
  ["FOLLOWLOCATION MAXREDIRS", "init.redirect", NO_REDIRECT],
  ["TIMEOUT TIMEOUT_MS", "init.timeout", "init.connectTimeout"],
  ["CONNECTTIMEOUT CONNECTTIMEOUT_MS", "init.connectTimeout", "init.connectTimeout"],
  ["XFERINFOFUNCTION XFERINFODATA PROGRESSFUNCTION NOPROGRESS", "init.onProgress", BY_CALLER],
  ["CONNECT_ONLY", "an Easy of your own", "an Easy of your own"],
  ["WS_OPTIONS", "CurlWebSocket", "an Easy of your own"],
  ["PRIVATE", "a variable", "a variable"],
  ["ERRORBUFFER", "the error", "the error"],
  ["FAILONERROR", "response.ok", "the error"],
  ["SUPPRESS_CONNECT_HEADERS", "nothing: they are never shown", BY_CALLER],
];

/** The options that every call sets itself. */
type OwnOption =
  | "CONNECTTIMEOUT"
  | "CONNECTTIMEOUT_MS"
  | "CONNECT_ONLY"
  | "COPYPOSTFIELDS"
  | "CURLU"
  | "CUSTOMREQUEST"
  | "ERRORBUFFER"
  | "FAILONERROR"
  | "FOLLOWLOCATION"
  | "HEADER"
  | "HEADERDATA"
  | "HEADERFUNCTION"
  | "HTTPGET"
  | "HTTPHEADER"
  | "HTTPPOST"
  | "INFILESIZE"
  | "INFILESIZE_LARGE"
  | "IOCTLDATA"
  | "IOCTLFUNCTION"
  | "MAXREDIRS"
  | "MIMEPOST"
  | "NOBODY"
  | "POST"
  | "POSTFIELDS"
  | "POSTFIELDSIZE"
  | "POSTFIELDSIZE_LARGE"
  | "PRIVATE"
  | "PUT"
  | "READDATA"
  | "READFUNCTION"
  | "SEEKDATA"
  | "SEEKFUNCTION"
  | "TIMEOUT"
  | "TIMEOUT_MS"
  | "UPLOAD"
  | "URL"
  | "WRITEDATA"
  | "WRITEFUNCTION"
  | "WS_OPTIONS";

/** The options that `fetch`, `download` and `upload` set themselves. */
export type FetchOwnOption =
  | OwnOption
  | "NOPROGRESS"
  | "PROGRESSFUNCTION"
  | "SUPPRESS_CONNECT_HEADERS"
  | "XFERINFODATA"
  | "XFERINFOFUNCTION";

/** The options that `CurlWebSocket` sets itself. */
export type WebSocketOwnOption =
  | OwnOption
  | "HTTPPROXYTUNNEL"
  | "HTTP_VERSION"
  | "PROTOCOLS"
  | "PROTOCOLS_STR";

const COLUMN = { fetch: 1, CurlWebSocket: 2 } as const;

const reserved: Partial<Record<OptionTaker, ReadonlyMap<string, string | null>>> = {};

/** The options that a call sets itself. */
export function reservedNames(taker: OptionTaker): string[] {
  return [...reservedFor(taker)].flatMap(([name, instead]) => instead === null ? [] : [name]);
}

/**
 * The replacement for each reserved option, computed when an option is given for the first time.
 */
function reservedFor(taker: OptionTaker): ReadonlyMap<string, string | null> {
  return reserved[taker] ??= new Map(
    RESERVED.flatMap((row) => row[0].split(" ").map((name) => [name, row[COLUMN[taker]]])),
  );
}

const table: Readonly<Record<string, OptionRow>> = easyOptions;

/**
 * Options by their names in upper case. A map, since an object would also have the members of
 * `Object.prototype`.
 */
export type CurlOptions = ReadonlyMap<string, unknown>;

/** No options. */
export const NO_OPTIONS: CurlOptions = new Map();

/**
 * Reads `init.curl` completely: lists and bytes are copied, since each request of a chain sets them
 * again. Names may be in any case, as for libcurl. Throws `TypeError` for an option that `taker`
 * sets itself, and `CurlEasyError` for one that does not exist or whose list is invalid.
 */
export function readCurlOptions(
  given: EasyOptions | null | undefined,
  taker: OptionTaker = "fetch",
): CurlOptions {
  if (given === null || given === undefined) return NO_OPTIONS;
  const options = new Map<string, unknown>();
  for (const [key, value] of Object.entries(given)) {
    const name = key.toUpperCase(), alias = aliasOf(name);
    const instead = reservedFor(taker), remedy = instead.get(alias ?? name) ?? instead.get(name);
    if (remedy) throw typeError(`Cannot set ${name} for ${taker}: use ${remedy}`);
    if (value === undefined) continue;
    const copy = copyOfValue(name, value);
    options.set(
      name,
      name === "PROXYHEADER" && Array.isArray(copy) ? checkedProxyHeaders(copy) : copy,
    );
  }
  return options;
}

function aliasOf(name: string): string | undefined {
  const row = Object.hasOwn(table, name) ? table[name] as OptionRow : undefined;
  return row && Object.hasOwn(row, "aliasOf") ? row.aliasOf : undefined;
}

/** Sets options of a handle. */
export function setCurlOptions(easy: Easy, options: CurlOptions): void {
  const state = stateOf(easy);
  for (const [name, value] of options) setOption(state, name, value);
}

/** Options with those of a second set added, which replace options of the same name. */
export const withOptions = (
  options: CurlOptions,
  others: Iterable<[string, unknown]>,
): CurlOptions => new Map([...options, ...others]);

/** Whether any of the named options is set. */
export function hasAny(options: CurlOptions, names: ReadonlySet<string>): boolean {
  if (options.size === 0) return false;
  for (const name of options.keys()) if (names.has(name)) return true;
  return false;
}

/**
 * Options with credentials: they are sent only to the origin they were given for, not to a
 * redirect's target.
 */
const ORIGIN_BOUND = new Set([
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

/** The options without credentials. The cookie engine stays on, for cookies that have a domain. */
export function withoutCredentialOptions(options: CurlOptions): CurlOptions {
  const kept = new Map([...options].filter(([name]) => !ORIGIN_BOUND.has(name)));
  if (options.has("COOKIEFILE") || options.has("COOKIELIST")) kept.set("COOKIEFILE", "");
  return kept;
}
