/**
 * Request headers. They keep the order and letter case of the caller.
 *
 * @module
 */

import { trimmed } from "../../trim.ts";
import { isLatin1, latin1Bytes } from "../bytes.ts";
import { typeError } from "../errors.ts";
import { shown } from "../shown.ts";

/** A header name and its value. `null` removes a header that is sent by default. */
export type HeaderEntry = readonly [name: string, value: string | null];

/** The type of `init.headers`. A `null` value removes a header that is sent by default. */
export type HeadersSource =
  | Headers
  | Iterable<readonly [string, string | null] | readonly string[]>
  | Readonly<Record<string, string | null | undefined>>;

/** Whether a text is a token as in RFC 9110: a method, a header name, a subprotocol. */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}

/** Reads `init.headers`. Throws `TypeError` for a name or value that HTTP cannot carry. */
export function readHeaders(source: HeadersSource | null | undefined): HeaderEntry[] {
  if (source === null || source === undefined) return [];
  if (typeof source !== "object") {
    throw typeError(`Cannot read headers: expected an object, got ${shown(source)}`);
  }
  const pairs = Symbol.iterator in source
    ? Array.from(source as Iterable<readonly unknown[]>, checkPair)
    : Object.entries(source as Record<string, unknown>);
  return pairs.map(([name, value]) => checkHeader(name, value));
}

function checkPair(pair: readonly unknown[]): readonly [string, unknown] {
  if (typeof pair !== "object" || pair === null || pair.length !== 2) {
    throw typeError(`Cannot read headers: expected pairs of name and value, got ${shown(pair)}`);
  }
  return pair as unknown as readonly [string, unknown];
}

/** Most values: ASCII without blanks at the ends, which passes the checks that follow. */
const PLAIN = /^[!-~](?:[\t -~]*[!-~])?$/;

function checkHeader(name: unknown, value: unknown): HeaderEntry {
  if (typeof name !== "string" || !isToken(name)) {
    throw typeError(`Cannot send the header ${JSON.stringify(name)}: bad name`);
  }
  if (value === null || value === undefined) return [name, null];
  if (typeof value === "string" && PLAIN.test(value)) return [name, value];
  const text = trimmed(String(value), "\t\n\r ");
  if (/[\0\r\n]/.test(text)) {
    throw typeError(`Cannot send the header "${name}": its value has CR, LF or NUL`);
  }
  if (!isLatin1(text)) {
    throw typeError(`Cannot send the header "${name}": its value has characters above U+00FF`);
  }
  return [name, text];
}

/** Whether a header has a name, which is in lower case. Most differ in their length. */
export function isNamed(own: string, name: string): boolean {
  return own.length === name.length && own.toLowerCase() === name;
}

/** Whether the headers set or remove a header; `name` is in lower case. */
export function hasHeader(headers: readonly HeaderEntry[], name: string): boolean {
  return headers.some(([own]) => isNamed(own, name));
}

/** The headers without those of the given names, which are in lower case. */
export function withoutHeaders(
  headers: readonly HeaderEntry[],
  names: ReadonlySet<string>,
): HeaderEntry[] {
  return headers.filter(([name]) => !names.has(name.toLowerCase()));
}

/**
 * The lines of HTTPHEADER: {@link https://curl.se/libcurl/c/CURLOPT_HTTPHEADER.html}. A header with
 * an empty value ends in a semicolon, one to be removed in a colon.
 */
export function headerLines(headers: readonly HeaderEntry[]): (string | Uint8Array)[] {
  return headers.map(([name, value]) =>
    value === null ? `${name}:` : value === "" ? `${name};` : onWire(`${name}: ${value}`)
  );
}

/** Encodes text of a header as latin-1 unless it is ASCII: a string would reach libcurl as UTF-8. */
export function onWire(line: string): string | Uint8Array {
  return /^[\0-\x7f]*$/.test(line) ? line : latin1Bytes(line);
}
