/**
 * Headers as the caller gave them: order and letter case are kept.
 *
 * @module
 */

import { isLatin1, latin1Bytes } from "../bytes.ts";

/** A header name and its value. `null` takes away a header that is sent by default. */
export type HeaderEntry = readonly [name: string, value: string | null];

/** What `init.headers` may be; a `null` value takes away a header that is sent by default. */
export type HeadersSource =
  | Headers
  | Iterable<readonly [string, string | null] | readonly string[]>
  | Readonly<Record<string, string | null | undefined>>;

/** Whether a text is a token of HTTP, such as a method or the name of a header. */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}

/** Reads headers from any form. Throws `TypeError` for a name or value that HTTP cannot carry. */
export function readHeaders(source: HeadersSource | null | undefined): HeaderEntry[] {
  if (source === null || source === undefined) return [];
  if (typeof source !== "object") throw new TypeError("Cannot read headers: expected an object");
  const pairs = Symbol.iterator in source
    ? Array.from(source as Iterable<readonly unknown[]>, checkPair)
    : Object.entries(source as Record<string, unknown>);
  return pairs.map(([name, value]) => checkHeader(name, value));
}

function checkPair(pair: readonly unknown[]): readonly [string, unknown] {
  if (typeof pair !== "object" || pair === null || pair.length !== 2) {
    throw new TypeError("Cannot read headers: expected pairs of name and value");
  }
  return pair as unknown as readonly [string, unknown];
}

function checkHeader(name: unknown, value: unknown): HeaderEntry {
  if (typeof name !== "string" || !isToken(name)) {
    throw new TypeError(`Cannot send the header ${JSON.stringify(name)}: bad name`);
  }
  if (value === null || value === undefined) return [name, null];
  const text = String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
  if (/[\0\r\n]/.test(text)) {
    throw new TypeError(`Cannot send the header "${name}": its value has CR, LF or NUL`);
  }
  if (!isLatin1(text)) {
    throw new TypeError(`Cannot send the header "${name}": its value has characters above U+00FF`);
  }
  return [name, text];
}

/** Whether a header of that name (in lower case) is there, with a value or taken away. */
export function hasHeader(headers: readonly HeaderEntry[], name: string): boolean {
  return headers.some(([own]) => own.toLowerCase() === name);
}

/** The headers without those of these names (in lower case). */
export function withoutHeaders(
  headers: readonly HeaderEntry[],
  names: ReadonlySet<string>,
): HeaderEntry[] {
  return headers.filter(([name]) => !names.has(name.toLowerCase()));
}

/**
 * The lines of HTTPHEADER: {@link https://curl.se/libcurl/c/CURLOPT_HTTPHEADER.html}. A header
 * without a value ends in a semicolon, one that is taken away in a colon.
 */
export function headerLines(headers: readonly HeaderEntry[]): (string | Uint8Array)[] {
  return headers.map(([name, value]) =>
    value === null ? `${name}:` : value === "" ? `${name};` : onWire(`${name}: ${value}`)
  );
}

/** A character is one byte on the wire, where a string for libcurl would be UTF-8. */
function onWire(line: string): string | Uint8Array {
  return /^[\0-\x7f]*$/.test(line) ? line : latin1Bytes(line);
}
