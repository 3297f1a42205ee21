/**
 * The checks on an option's value, before anything reaches C.
 *
 * @module
 */

import type { CText } from "../../../ffi/memory.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { bytesOf, isByteArray } from "./views.ts";

/** The error for a value that an option cannot take. */
export function badValue(option: string, expected: string, value: unknown): CurlEasyError {
  return new CurlEasyError(
    Code.BAD_FUNCTION_ARGUMENT,
    `Cannot set ${option}: expected ${expected}, got ${show(value)}`,
  );
}

const LINE_BREAK = /[\r\n]/;

/** A value as an error message shows it: never the text of a string, which may be a secret. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    if (value.includes("\0")) return "a string with a NUL";
    return LINE_BREAK.test(value) ? "a string with a line break" : "a string";
  }
  if (typeof value === "function") return "a function"; // which may have a toString of its own
  if (value === null || typeof value !== "object") return String(value);
  return `an object of class ${className(value)}`;
}

/** A name that does not exist as an error message shows it. */
export function showName(name: unknown): string {
  return typeof name === "string" ? name : show(name);
}

function className(value: object): string {
  try {
    const { name } = value.constructor;
    return typeof name === "string" ? name : "?";
  } catch {
    return "?"; // it has none, or a getter or a proxy threw
  }
}

/** A boolean as 1 or 0, or a whole number of 64 bits; `undefined` for anything else. */
export function wholeInteger(value: unknown): number | bigint | undefined {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value + 0; // no -0
  return typeof value === "bigint" && BigInt.asIntN(64, value) === value ? value : undefined;
}

/** A whole number that fits 64 bits; a boolean is 1 or 0. */
export function integer(option: string, value: unknown): number | bigint {
  const number = wholeInteger(value);
  if (number !== undefined) return number;
  throw badValue(option, "a whole number of 64 bits or a boolean", value);
}

/** A boolean as 1 or 0, or a whole number within the bounds; `undefined` for anything else. */
export function wholeNumber(value: unknown, least: number, most: number): number | undefined {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "number" || !Number.isInteger(value)) return undefined;
  return value >= least && value <= most ? value + 0 : undefined; // FFI takes no -0
}

/** A `long` that fits 32 bits, as on Windows, or an unsigned bitmask of as many. */
export function long(option: string, value: unknown): number {
  const number = wholeNumber(value, -0x80000000, 0xffffffff);
  if (number !== undefined) return number;
  throw badValue(option, "a whole number of 32 bits or a boolean", value);
}

/** Text that C can take, or bytes that it gets as they are: a copy of them. */
export function text(option: string, value: unknown): CText {
  if (typeof value === "string" && !value.includes("\0")) return value;
  const copy = isByteArray(value) ? bytes(option, value).slice() : null;
  if (copy && !copy.includes(0)) return copy;
  throw badValue(option, copy ? "bytes without NUL" : "a string without NUL", value);
}

/** The same for what is sent: behind a line break stood a header or a command of its own. */
export function oneLine(option: string, value: unknown): CText {
  const line = text(option, value);
  if (typeof line === "string" ? !LINE_BREAK.test(line) : !line.some(breaksLine)) return line;
  const what = typeof line === "string" ? "a string" : "bytes";
  throw badValue(option, `${what} without line breaks`, value);
}

const breaksLine = (byte: number) => byte === 10 || byte === 13;

/** Lines that C can take: text, or bytes that are sent as they are. */
export function lines(option: string, value: unknown): readonly CText[] {
  if (!isArray(value)) throw badValue(option, "an array of strings", value);
  // a copy, since a getter may say something else the second time
  return Array.from(value, (line) => oneLine(option, line));
}

/** As `Array.isArray`, which throws for a proxy that was revoked. */
export function isArray(value: unknown): value is unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** Bytes, from a view or a buffer: still the user's own, see {@linkcode bytesOf}. */
export function bytes(option: string, value: unknown): Uint8Array<ArrayBuffer> {
  const found = bytesOf(value);
  if (found) return found;
  throw badValue(option, "bytes", value);
}
