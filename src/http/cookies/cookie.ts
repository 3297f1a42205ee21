/**
 * Cookies, as objects and as lines in Netscape's format, which libcurl reads and writes.
 *
 * @module
 */

import { types } from "node:util";
import { member } from "../../members.ts";
import { isLatin1 } from "../bytes.ts";
import { wrong } from "../shown.ts";

/** A cookie of a {@linkcode CookieJar}. */
export interface Cookie {
  /** The name. */
  readonly name: string;
  /** The value, one character for each byte. */
  readonly value: string;
  /**
   * The host, or the domain whose hosts all get the cookie; in lower case, without a leading dot.
   */
  readonly domain: string;
  /** The path: requests to it and below it send the cookie. */
  readonly path: string;
  /** The expiry time in ms since 1970, in whole seconds; `null` for a session cookie. */
  readonly expires: number | null;
  /** Whether the cookie is sent over TLS only. */
  readonly secure: boolean;
  /** Whether the server asked to hide the cookie from scripts of a page; without effect here. */
  readonly httpOnly: boolean;
  /** Whether only the host itself gets the cookie, and not the hosts below it. */
  readonly hostOnly: boolean;
}

/** The argument of {@linkcode CookieJar.set}. */
export interface CookieInit {
  /** The name: at least one character, without control characters, `=` and `;`. */
  readonly name: string;
  /** The value, empty unless given: without control characters and `;`, up to U+00FF. */
  readonly value?: string | undefined;
  /** The host or domain, such as `example.com`. A leading dot includes the hosts below it. */
  readonly domain: string;
  /** The path, `/` unless given. */
  readonly path?: string | undefined;
  /** The expiry time in ms since 1970 or as a date; `null`, the default, for a session cookie. */
  readonly expires?: number | Date | null | undefined;
  /** Whether the cookie is sent over TLS only; false unless given. */
  readonly secure?: boolean | undefined;
  /** Whether the cookie is marked as HttpOnly; false unless given. */
  readonly httpOnly?: boolean | undefined;
  /**
   * Whether only the host itself gets the cookie; true unless given, or unless `domain` has a
   * leading dot.
   */
  readonly hostOnly?: boolean | undefined;
}

const HTTP_ONLY = "#HttpOnly_";
/** The limit that libcurl has for a cookie of a server, in bytes. */
const MOST = 4096;

/** An expired time. An expiry of 0 would mean a session cookie. */
const LONG_AGO = 1;

/** The error for a member of the object named `where`. */
const memberError = (where: string, name: string, expected: string, got: unknown): TypeError =>
  wrong("set a cookie", `${where}.${name}`, expected, got);

function isText(value: unknown, forbidden: RegExp): value is string {
  return typeof value === "string" && isLatin1(value) && !forbidden.test(value);
}

// deno-lint-ignore no-control-regex -- control characters are refused
const NOT_IN_NAME = /[\0-\x1f\x7f=;]|^\s|\s$/, NOT_IN_VALUE = /[\0-\x1f\x7f;]|^\s|\s$/;

/** Reads a cookie, each member once. `where` names the object in errors. Throws `TypeError`. */
export function readCookie(init: CookieInit, where = "cookie"): Cookie {
  if (typeof init !== "object" || init === null) {
    throw wrong("set a cookie", where, "an object", init);
  }
  const name = member(init, "name"), value = member(init, "value") ?? "";
  if (!isText(name, NOT_IN_NAME) || name === "") {
    const expected = 'a string without control characters, "=" and ";", up to U+00FF';
    throw memberError(where, "name", expected, name);
  }
  if (!isText(value, NOT_IN_VALUE)) {
    // a value may be a secret, so the message does not have it
    const what = 'a string without control characters, ";" and spaces around it, up to U+00FF';
    throw new TypeError(`Cannot set a cookie: ${where}.value must be ${what}`);
  }
  if (name.length + value.length > MOST) {
    throw new TypeError(
      `Cannot set a cookie: ${where} has more than ${MOST} bytes in name and value`,
    );
  }
  const { domain, below } = readDomain(member(init, "domain"), where);
  const hostOnly = readFlag(init, "hostOnly", where) ?? !below;
  if (hostOnly && below) throw memberError(where, "hostOnly", "false where domain has a dot", true);
  return {
    name,
    value,
    domain,
    path: readPath(member(init, "path") ?? "/", where),
    expires: readExpires(member(init, "expires") ?? null, where),
    secure: readFlag(init, "secure", where) ?? false,
    httpOnly: readFlag(init, "httpOnly", where) ?? false,
    hostOnly,
  };
}

function readFlag(
  init: CookieInit,
  name: "secure" | "httpOnly" | "hostOnly",
  where: string,
): boolean | undefined {
  const value = member(init, name);
  if (value === undefined || typeof value === "boolean") return value;
  throw memberError(where, name, "a boolean", value);
}

function readDomain(given: unknown, where: string): { domain: string; below: boolean } {
  if (typeof given === "string") {
    const below = given.startsWith("."), bare = below ? given.slice(1) : given;
    const domain = hostOf(bare.includes(":") && !bare.startsWith("[") ? `[${bare}]` : bare);
    if (domain !== null) return { domain, below };
  }
  throw memberError(where, "domain", "the name of a host or domain", given);
}

/** The host as a URL has it: in lower case, with IDN as ASCII, IPv6 without brackets. */
function hostOf(text: string): string | null {
  if (text === "" || /[\s/?#@\\%]|:(?![^\]]*\]$)/.test(text)) return null;
  try {
    return new URL(`http://${text}/`).hostname.replace(/^\[|\]$/g, "");
  } catch {
    return null;
  }
}

function readPath(path: unknown, where: string): string {
  if (isText(path, NOT_IN_VALUE) && path.startsWith("/")) return path;
  throw memberError(where, "path", 'a string that begins with "/"', path);
}

function readExpires(given: unknown, where: string): number | null {
  if (given === null) return null;
  const ms = types.isDate(given) ? Date.prototype.getTime.call(given) : given;
  const seconds = typeof ms === "number" ? Math.floor(ms / 1000) : NaN;
  if (Number.isSafeInteger(seconds)) return Math.max(seconds, LONG_AGO) * 1000;
  throw memberError(where, "expires", "a number of ms, a Date or null", given);
}

/** The line of a cookie. */
export function lineOf(cookie: Cookie, expires: number | null = cookie.expires): string {
  const { name, value, domain, path, secure, httpOnly, hostOnly } = cookie;
  const truth = (flag: boolean) => flag ? "TRUE" : "FALSE";
  return [
    `${httpOnly ? HTTP_ONLY : ""}${hostOnly ? "" : "."}${domain}`,
    truth(!hostOnly),
    path,
    truth(secure),
    expires === null ? 0 : Math.max(Math.floor(expires / 1000), LONG_AGO),
    name,
    value,
  ].join("\t");
}

/** The line that deletes a cookie. */
export const deletionOf = (cookie: Cookie): string => lineOf({ ...cookie, value: "x" }, LONG_AGO);

/** The cookie of a line, `null` for a line that is not a cookie. */
export function cookieOf(line: string): Cookie | null {
  const httpOnly = line.startsWith(HTTP_ONLY);
  const fields = (httpOnly ? line.slice(HTTP_ONLY.length) : line).split("\t");
  const [domain = "", below = "", path = "", secure = "", expires = "", name = "", ...value] =
    fields;
  if (fields.length < 6 || domain === "" || name === "" || !/^\d+/.test(expires)) return null;
  return {
    name,
    value: value.join("\t"),
    domain: domain.replace(/^\./, "").toLowerCase(),
    path: pathOf(path),
    expires: parseInt(expires) === 0 ? null : Math.min(parseInt(expires) * 1000, MAX_TIME),
    secure: secure.toUpperCase() === "TRUE",
    httpOnly,
    hostOnly: below.toUpperCase() !== "TRUE",
  };
}

/** The last time that a `Date` can hold, in ms. A server may ask for a later one. */
const MAX_TIME = 8.64e15;

/** The path as libcurl uses it: it keeps the server's text, even if empty or quoted. */
function pathOf(text: string): string {
  const path = text.replace(/^"|"$/g, "");
  return path.startsWith("/") ? path : "/";
}

/**
 * Whether two cookies are the same one, whatever their values: then the later replaces the earlier.
 */
export function isSame(one: Cookie, two: Cookie): boolean {
  return one.name === two.name && one.domain === two.domain && one.path === two.path &&
    one.hostOnly === two.hostOnly;
}

/** Whether a request to a URL sends a cookie: {@link https://www.rfc-editor.org/rfc/rfc6265#section-5.4}. */
export function isSentTo(cookie: Cookie, url: URL): boolean {
  const { domain, path, secure, hostOnly } = cookie;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (host !== domain && (hostOnly || !host.endsWith(`.${domain}`))) return false;
  if (secure && !isTrustworthy(url, host)) return false;
  const folder = path.endsWith("/") ? path : `${path}/`;
  return url.pathname === path || url.pathname.startsWith(folder);
}

/** TLS and the local machine, as in libcurl since 7.79. */
function isTrustworthy({ protocol }: URL, host: string): boolean {
  return protocol === "https:" || protocol === "wss:" ||
    ["localhost", "127.0.0.1", "::1"].includes(host);
}
