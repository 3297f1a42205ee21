/**
 * Converts easy options to options of curl, by the same table that commands are read with.
 *
 * @module
 */

import { easyOptions, type OptionRow as EasyRow } from "../../../ffi/curl/options.ts";
import { flags } from "../../../ffi/curl/flags.ts";
import type { Name, OptionRow } from "../table/effect.ts";
import { spelled } from "../table/lookup.ts";
import { rows } from "../table/rows.ts";
import { textOf } from "../shell/words.ts";
import { REDACTED, redactHeader, redactUrl, redactUser } from "../../redact.ts";

/** Options that are not written yet. A writer removes those that it has written. */
export type Pending = Map<string, unknown>;

/** An argument, and its redacted form. */
export interface Argument {
  readonly text: string;
  readonly shown: string;
}

/** An argument without secrets. */
export const open = (text: string): Argument => ({ text, shown: text });
/** A secret argument. */
export const hidden = (text: string): Argument => ({ text, shown: text === "" ? "" : REDACTED });

/** Options whose value is a URL with credentials, and others whose URL may have a query. */
const WITH_USER: ReadonlySet<string> = new Set(["PROXY", "PRE_PROXY"]);
const WITH_QUERY: ReadonlySet<string> = new Set(["DOH_URL", "REFERER", "REQUEST_TARGET"]);
const KEYS: ReadonlySet<string> = new Set(["SSLKEY", "PROXY_SSLKEY"]);

/** The value of an easy option, with its redacted form. */
function shownValue(name: string, text: string, row: OptionRow): Argument {
  if (WITH_USER.has(name)) return { text, shown: redactUser(text) };
  if (WITH_QUERY.has(name)) return { text, shown: redactUrl(text) };
  // a path is harmless, but a PKCS#11 URI may contain a PIN
  if (KEYS.has(name) && !/^pkcs11:/i.test(text)) return open(text);
  return row.secret ? hidden(text) : open(text);
}

/** Kinds of options that have no meaning outside this process. */
const LOCAL_KINDS: ReadonlySet<string> = new Set(["function", "cbptr", "object"]);
const LOCAL: ReadonlySet<string> = new Set([
  "BUFFERSIZE",
  "CERTINFO",
  "NOPROGRESS",
  "NOSIGNAL",
  "PIPEWAIT",
  "QUICK_EXIT",
  "UPLOAD_BUFFERSIZE",
  "VERBOSE",
]);

/** Writes all pending options. Throws `TypeError` for one that curl has no option for. */
export function optionWords(pending: Pending): Argument[] {
  const table: Readonly<Record<string, EasyRow>> = easyOptions;
  for (const [name, value] of pending) {
    const kind = Object.hasOwn(table, name) ? table[name]?.kind : undefined;
    const isLocal = LOCAL.has(name) || (kind !== undefined && LOCAL_KINDS.has(kind));
    if (isLocal || value === undefined || value === null) pending.delete(name);
  }
  const written = WRITERS.flatMap((write) => write(pending));
  for (const row of Object.values(rows)) dropDefaults(row, pending);
  for (const [name, row] of Object.entries(rows)) {
    if (row.aliasOf === undefined && row.does === undefined) {
      written.push(...fromRow(name, row, pending));
    }
  }
  const [rest] = pending.keys();
  if (rest === undefined) return written;
  throw new TypeError(`Cannot write the curl command: no option of curl sets ${rest} so`);
}

/** Removes values that no argument is needed for, because they are the default of a switch. */
function dropDefaults({ on, off, bits }: OptionRow, pending: Pending): void {
  for (const [name, value] of Object.entries({ ...on, ...off })) {
    const own = numberOf(pending.get(name));
    if (typeof own !== "number" || typeof value !== "number") continue;
    if (value === 0 ? own !== 0 : own === 0) pending.delete(name);
  }
  // HTTPAUTH without a bit is not the default
  if (bits && bits[0] !== "HTTPAUTH" && numberOf(pending.get(bits[0])) === 0) {
    pending.delete(bits[0]);
  }
}

const numberOf = (value: unknown) =>
  typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
    ? Number(value)
    : value;

function fromRow(name: string, row: OptionRow, pending: Pending): Argument[] {
  const option = open(spelled(name));
  if (row.list !== undefined) return listWords(option, row, row.list, pending);
  if (row.set !== undefined) return valueWords(option, row, row.set, pending);
  if (row.bits !== undefined) return bitWords(option, row.bits, pending);
  const values = row.on ?? row.off;
  return values === undefined || !takeAll(values, pending) ? [] : [option];
}

/** Removes values if all of them are pending; returns whether they were. */
function takeAll(values: object, pending: Pending): boolean {
  const entries = Object.entries(values);
  if (!entries.every(([name, value]) => numberOf(pending.get(name)) === value)) return false;
  for (const [name] of entries) pending.delete(name);
  return true;
}

function listWords(option: Argument, row: OptionRow, name: Name, pending: Pending): Argument[] {
  const list = pending.get(name) as readonly unknown[] | undefined;
  if (list === undefined) return [];
  pending.delete(name);
  return list.flatMap((text) => [option, row.secret ? hidden(`${text}`) : open(`${text}`)]);
}

function valueWords(
  option: Argument,
  row: OptionRow,
  names: readonly Name[],
  pending: Pending,
): Argument[] {
  const [name] = names as [Name], value = numberOf(pending.get(name));
  if (value === undefined || !names.every((one) => numberOf(pending.get(one)) === value)) return [];
  if (row.on && !Object.entries(row.on).every(([one, on]) => pending.get(one) === on)) return [];
  const text = valueText(value, row);
  if (text === null || (text === "" && !row.blank)) return [];
  for (const one of [...names, ...Object.keys(row.on ?? {})]) pending.delete(one);
  if (row.bits) dropBits(row.bits, pending);
  return [option, shownValue(name, text, row)];
}

/** Removes the bits that the option implies. */
function dropBits([name, mask]: readonly [Name, number], pending: Pending): void {
  const bits = Number(pending.get(name) ?? 0) & ~mask;
  if (bits === 0) pending.delete(name);
  else pending.set(name, bits);
}

function valueText(value: unknown, row: OptionRow): string | null {
  if (typeof value === "string") return row.takes === "text" || row.takes === "file" ? value : null;
  if (typeof value !== "number") return null;
  if (row.takes === "seconds") return `${value / 1000}`;
  if (row.as === "octal") return value.toString(8);
  if (typeof row.as === "object") {
    return Object.entries(row.as).find(([, number]) => number === value)?.[0] ?? null;
  }
  return row.takes === "count" || row.as !== undefined ? `${value}` : null;
}

function bitWords(
  option: Argument,
  [name, mask]: readonly [Name, number],
  pending: Pending,
): Argument[] {
  const bits = numberOf(pending.get(name));
  if (typeof bits !== "number" || bits === flags.CURLAUTH_ANY || (bits & mask) === 0) return [];
  dropBits([name, mask], pending);
  return [option];
}

/** Removes and returns a value, `undefined` where there is none. */
function take(pending: Pending, name: Name): unknown {
  const value = pending.get(name);
  pending.delete(name);
  return value;
}

/** The writers for options whose rows have a function of their own. */
const WRITERS: readonly ((pending: Pending) => Argument[])[] = [
  proxyHeaders,
  httpVersion,
  anyAuth,
  credentials,
  cookies,
  certificates,
  proxies,
  netrc,
  tls,
  proxyAuth,
  localPorts,
  condition,
  texts,
  quotes,
  uploadFlags,
];

function proxyHeaders(pending: Pending): Argument[] {
  const lines = (pending.get("PROXYHEADER") ?? []) as readonly (string | Uint8Array)[];
  const texts = lines.map((line) => typeof line === "string" ? line : textOf(line));
  // otherwise curl would take the value for the name of a file
  if (!texts.every((text) => /^[^@:;][^:;]*[:;]/.test(text))) return [];
  pending.delete("PROXYHEADER");
  return texts.flatMap((text) => [open("--proxy-header"), { text, shown: shownHeader(text) }]);
}

function shownHeader(line: string): string {
  const [, head = "", name = "", value = ""] = /^(([^:;]*)[:;][ \t]*)([^]*)$/.exec(line) ?? [];
  return head + redactHeader(name, value);
}

/** Writes HTTP_VERSION, unless it is libcurl's default. */
function httpVersion(pending: Pending): Argument[] {
  const wanted = numberOf(pending.get("HTTP_VERSION"));
  if (wanted === flags.CURL_HTTP_VERSION_2TLS) pending.delete("HTTP_VERSION");
  return [];
}

/** Writes `--anyauth` for HTTPAUTH with all bits, which includes the bits of other options. */
function anyAuth(pending: Pending): Argument[] {
  const isAny = numberOf(pending.get("HTTPAUTH")) === flags.CURLAUTH_ANY;
  if (isAny) pending.delete("HTTPAUTH");
  return isAny ? [open("--anyauth")] : [];
}

const NAMED = [["USERNAME", "PASSWORD", "-u"], ["PROXYUSERNAME", "PROXYPASSWORD", "-U"]] as const;

/** Writes a user and a password that are set by separate options. */
function credentials(pending: Pending): Argument[] {
  for (const name of ["USERPWD", "PROXYUSERPWD"]) {
    const own = pending.get(name);
    // otherwise curl would prompt for the password
    if (typeof own === "string" && own !== "" && !own.includes(":")) pending.set(name, `${own}:`);
  }
  return NAMED.flatMap(([userName, passwordName, option]) => {
    const user = pending.get(userName) ?? "", password = pending.get(passwordName) ?? "";
    if (!pending.has(userName) && !pending.has(passwordName)) return [];
    if (`${user}`.includes(":")) return []; // curl would end the user at the colon
    pending.delete(userName);
    pending.delete(passwordName);
    return [open(option), hidden(`${user}:${password}`)];
  });
}

function cookies(pending: Pending): Argument[] {
  const words: Argument[] = [];
  const own = pending.get("COOKIE"), file = pending.get("COOKIEFILE");
  if (typeof own === "string" && own.includes("=")) words.push(open("-b"), hidden(own));
  if (typeof file === "string" && !file.includes("=")) words.push(open("-b"), open(file));
  if (words.some(({ text }) => text === own)) pending.delete("COOKIE");
  if (words.some(({ text }) => text === file)) pending.delete("COOKIEFILE");
  return words;
}

function certificates(pending: Pending): Argument[] {
  return (["", "PROXY_"] as const).flatMap((prefix) => {
    const cert = take(pending, `${prefix}SSLCERT`);
    if (typeof cert !== "string") return [];
    const option = open(prefix === "" ? "--cert" : "--proxy-cert");
    if (/^pkcs11:/i.test(cert)) return [option, hidden(cert)];
    return [option, open(cert.replace(/[\\:]/g, "\\$&"))];
  });
}

/** Writes a proxy whose kind has no option of its own. */
function proxies(pending: Pending): Argument[] {
  const proxy = pending.get("PROXY"), type = numberOf(pending.get("PROXYTYPE"));
  const isTls = type === flags.CURLPROXY_HTTPS2 || type === flags.CURLPROXY_HTTPS3;
  const isPlain = type === undefined || type === flags.CURLPROXY_HTTP || isTls;
  if (typeof proxy !== "string" || !isPlain) return [];
  pending.delete("PROXY");
  pending.delete("PROXYTYPE");
  const kind = !isTls
    ? []
    : [open(type === flags.CURLPROXY_HTTPS2 ? "--proxy-http2" : "--proxy-http3")];
  return [...kind, open("--proxy"), { text: proxy, shown: redactUser(proxy) }];
}

function netrc(pending: Pending): Argument[] {
  const level = numberOf(take(pending, "NETRC"));
  if (level === flags.CURL_NETRC_OPTIONAL) return [open("--netrc-optional")];
  if (level !== flags.CURL_NETRC_REQUIRED) {
    pending.delete("NETRC_FILE"); // it is ignored then
    return [];
  }
  return pending.has("NETRC_FILE") ? [] : [open("--netrc")];
}

const TLS = ["", "", "", "", "1.0", "1.1", "1.2", "1.3"];

function tls(pending: Pending): Argument[] {
  const range = numberOf(pending.get("SSLVERSION"));
  if (typeof range !== "number") return [];
  const least = range & 0xffff, most = range >> 16, words: Argument[] = [];
  if ((least !== 0 && !TLS[least]) || (most !== 0 && !TLS[most])) return [];
  pending.delete("SSLVERSION");
  if (least !== 0) words.push(open(`--tlsv${TLS[least]}`));
  if (most !== 0) words.push(open("--tls-max"), open(TLS[most] as string));
  return words;
}

const PROXY_AUTH: readonly (readonly [bits: number, option: string])[] = [
  [flags.CURLAUTH_ANY, "--proxy-anyauth"],
  [flags.CURLAUTH_BASIC, "--proxy-basic"],
  [flags.CURLAUTH_DIGEST, "--proxy-digest"],
  [flags.CURLAUTH_NEGOTIATE, "--proxy-negotiate"],
  [flags.CURLAUTH_NTLM, "--proxy-ntlm"],
];

function proxyAuth(pending: Pending): Argument[] {
  const bits = numberOf(pending.get("PROXYAUTH"));
  const option = PROXY_AUTH.find(([one]) => one === bits)?.[1];
  if (option === undefined) return [];
  pending.delete("PROXYAUTH");
  return [open(option)];
}

function localPorts(pending: Pending): Argument[] {
  const first = numberOf(take(pending, "LOCALPORT")), many = take(pending, "LOCALPORTRANGE");
  if (typeof first !== "number" || first === 0) return [];
  const last = first + Number(many ?? 1) - 1;
  return [open("--local-port"), open(last > first ? `${first}-${last}` : `${first}`)];
}

const SIGNS = ["", "", "-", "="];

function condition(pending: Pending): Argument[] {
  const kind = numberOf(take(pending, "TIMECONDITION"));
  const seconds = take(pending, "TIMEVALUE_LARGE") ?? take(pending, "TIMEVALUE");
  if (typeof kind !== "number" || kind === 0 || seconds === undefined) return [];
  const date = new Date(Number(seconds) * 1000).toUTCString();
  return [open("--time-cond"), open(`${SIGNS[kind]}${date}`)];
}

/** Options whose value is checked when a command is read, and the sign before the value. */
const TEXTS: readonly (readonly [name: Name, option: string, sign?: string])[] = [
  ["ECH", "--ech"],
  ["SSLENGINE", "--engine"],
  ["PROTOCOLS_STR", "--proto", "="],
  ["REDIR_PROTOCOLS_STR", "--proto-redir", "="],
  ["RESUME_FROM_LARGE", "--continue-at"],
  ["SSH_HOST_PUBLIC_KEY_MD5", "--hostpubmd5"],
  ["CAPATH", "--capath"],
  ["CRLFILE", "--crlfile"],
  ["LOW_SPEED_LIMIT", "--speed-limit"],
  ["LOW_SPEED_TIME", "--speed-time"],
  ["DEFAULT_PROTOCOL", "--proto-default"],
];

function texts(pending: Pending): Argument[] {
  for (const name of ["CAPATH", "CRLFILE"] as const) {
    // curl's tool sets both
    if (pending.get(`PROXY_${name}`) === pending.get(name)) pending.delete(`PROXY_${name}`);
  }
  const isSlowSet = pending.get("LOW_SPEED_LIMIT") && pending.get("LOW_SPEED_TIME");
  if (!isSlowSet) {
    for (const name of ["LOW_SPEED_LIMIT", "LOW_SPEED_TIME"]) {
      pending.delete(name);
    }
  }
  const words = TEXTS.flatMap(([name, option, sign = ""]) => {
    const value = take(pending, name);
    return value === undefined || value === "" ? [] : [open(option), open(`${sign}${value}`)];
  });
  return [...words, ...range(pending), ...referer(pending), ...signature(pending)];
}

function range(pending: Pending): Argument[] {
  const text = `${pending.get("RANGE") ?? ""}`;
  if (text === "" || /^\d+$/.test(text)) return []; // otherwise curl would add a dash
  pending.delete("RANGE");
  return [open("--range"), open(text)];
}

function referer(pending: Pending): Argument[] {
  if (`${pending.get("REFERER")}`.endsWith(";auto")) return [];
  const text = take(pending, "REFERER"), isAuto = numberOf(take(pending, "AUTOREFERER")) === 1;
  if (text === undefined && !isAuto) return [];
  const url = `${text ?? ""}`, auto = isAuto ? ";auto" : "";
  return [open("--referer"), { text: url + auto, shown: redactUrl(url) + auto }];
}

function signature(pending: Pending): Argument[] {
  const key = take(pending, "HTTPSIG_KEY");
  return key === undefined ? [] : [open("--httpsig-key"), hidden(`${key}`)];
}

const QUOTES = [["QUOTE", ""], ["PREQUOTE", "+"], ["POSTQUOTE", "-"]] as const;

function quotes(pending: Pending): Argument[] {
  return QUOTES.flatMap(([name, sign]) => {
    const list = (pending.get(name) ?? []) as readonly string[];
    if (name === "QUOTE" && list.some((text) => /^[-+]/.test(text))) return [];
    pending.delete(name);
    return list.flatMap((text) => [
      open("--quote"),
      { text: sign + text, shown: sign + REDACTED },
    ]);
  });
}

const UPLOAD_FLAGS = ["answered", "deleted", "draft", "flagged", "seen"];

function uploadFlags(pending: Pending): Argument[] {
  const bits = take(pending, "UPLOAD_FLAGS");
  if (bits === undefined || Number(bits) === 0) return [];
  const names = UPLOAD_FLAGS.filter((_, i) => Number(bits) & (1 << i));
  return [open("--upload-flags"), open(names.join(","))];
}
