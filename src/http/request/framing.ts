/**
 * The framing of a request, which libcurl writes: the caller's Content-Length and Transfer-Encoding
 * may confirm it, but never contradict it. With contradicting headers a server would take a part of
 * the body for another request, or another request for a part of the body.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { isInstance } from "../../untrusted.ts";
import type { HeaderEntry } from "./headers.ts";
import { typeError } from "../errors.ts";

const LENGTH = "content-length", ENCODING = "transfer-encoding";

/** Options of libcurl by their names in upper case. */
type Options = ReadonlyMap<string, unknown>;

/** The values of both headers, `undefined` for one that the caller has not set. */
interface Framing {
  readonly length: string | null | undefined;
  readonly encoding: string | null | undefined;
}

function framingIn(headers: readonly HeaderEntry[]): Framing {
  return { length: valueOf(headers, LENGTH), encoding: valueOf(headers, ENCODING) };
}

function valueOf(headers: readonly HeaderEntry[], wanted: string): string | null | undefined {
  let found: string | null | undefined;
  for (const [name, value] of headers) {
    if (name.length !== wanted.length || name.toLowerCase() !== wanted) continue;
    if (found !== undefined) throw typeError(`Cannot fetch: there are two headers "${name}"`);
    found = value;
  }
  return found;
}

/** Throws `TypeError` for headers that announce a body, for a request that has none. */
export function checkNoBody(headers: readonly HeaderEntry[]): void {
  if (headers.length === 0) return;
  const { length, encoding } = framingIn(headers);
  if (encoding !== undefined && encoding !== null) {
    throw typeError(`Cannot fetch: Transfer-Encoding "${encoding}", but there is no body`);
  }
  if (length === undefined || length === null || /^0+$/.test(length)) return;
  throw typeError(`Cannot fetch: the Content-Length is "${length}", but there is no body`);
}

/**
 * The length of a body: the known one, else the Content-Length, which is enforced while the body is
 * sent; `null` for a body that is sent in chunks. Throws `TypeError` for headers that do not match
 * this body.
 */
export function bodyLength(
  headers: readonly HeaderEntry[],
  known: number | null,
  curl: Options,
): number | null {
  const { length, encoding } = framingIn(headers);
  for (const [name, value] of [["Content-Length", length], ["Transfer-Encoding", encoding]]) {
    if (value === null) throw typeError(`Cannot fetch: a body cannot do without ${name}`);
  }
  if (typeof encoding === "string") checkEncoding(encoding, length, curl);
  if (typeof length !== "string") return known;
  const promised = Number(length);
  if (!/^\d+$/.test(length) || promised !== (known ?? promised)) {
    throw typeError(
      `Cannot fetch: the length of the body is not the Content-Length "${length}"`,
    );
  }
  if (curl.get("RESUME_FROM") || curl.get("RESUME_FROM_LARGE")) {
    throw typeError("Cannot fetch: with RESUME_FROM the Content-Length is libcurl's to say");
  }
  return promised;
}

function checkEncoding(
  encoding: string,
  length: string | null | undefined,
  curl: Options,
): void {
  if (!/^chunked$/i.test(encoding)) {
    throw typeError(
      `Cannot fetch: Transfer-Encoding "${encoding}": only "chunked" can be sent`,
    );
  }
  if (length !== undefined) {
    throw typeError("Cannot fetch: there are both Content-Length and Transfer-Encoding");
  }
  if (curl.get("HTTP_VERSION") === flags.CURL_HTTP_VERSION_1_0) {
    throw typeError("Cannot fetch: HTTP/1.0 has no Transfer-Encoding");
  }
}

/**
 * Throws `TypeError` for options that change the number of bytes of a body after its head was sent.
 */
export function checkConversions(curl: Options): void {
  for (const name of ["CRLF", "TRANSFERTEXT"]) {
    if (curl.get(name)) throw typeError(`Cannot fetch: ${name} changes the length of the body`);
  }
}

/**
 * A copy of PROXYHEADER, whose lines a proxy without a tunnel gets with each request. Throws
 * `TypeError` for a framing header among them.
 */
export function checkedProxyHeaders(lines: readonly unknown[]): unknown[] {
  return Array.from(lines, (line) => {
    const copy = isInstance(line, Uint8Array) ? line.slice() : line;
    const text = isInstance(copy, Uint8Array) ? new TextDecoder().decode(copy) : String(copy);
    const [name = ""] = text.split(/[\s:;]/, 1);
    if (name.toLowerCase() !== LENGTH && name.toLowerCase() !== ENCODING) return copy;
    throw typeError(`Cannot set PROXYHEADER: "${name}" is for libcurl to send`);
  });
}
