/**
 * The checks on an option's value, before anything reaches C.
 *
 * @module
 */

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

/** A string that C can take. */
export function text(option: string, value: unknown): string {
  if (typeof value === "string" && !value.includes("\0")) return value;
  throw badValue(option, "a string without NUL", value);
}

/** The same for what is sent: behind a line break stood a header or a command of its own. */
export function oneLine(option: string, value: unknown): string {
  const line = text(option, value);
  if (LINE_BREAK.test(line)) throw badValue(option, "a string without line breaks", value);
  return line;
}

/** Lines that C can take: text, or bytes that are sent as they are. */
export function lines(option: string, value: unknown): readonly (string | Uint8Array)[] {
  return items(option, "an array of strings", value)
    .map((line) => isByteArray(line) ? byteLine(option, line) : oneLine(option, line));
}

function byteLine(option: string, value: Uint8Array): Uint8Array {
  const line = bytes(option, value).slice(); // a getter of a later line may change the bytes
  if (line.some((byte) => byte === 0 || byte === 10 || byte === 13)) {
    throw badValue(option, "bytes without NUL and line breaks", value);
  }
  return line;
}

/** More than any list that makes sense. */
const MOST_ITEMS = 1_000_000;

/**
 * What is in an array, each item read once, by its index: the array's own iterator may be anything.
 * Throws the error for a value that is no array.
 */
export function items(option: string, expected: string, value: unknown): unknown[] {
  const length = isArray(value) ? value.length : undefined;
  if (typeof length !== "number" || !(length >= 0 && length <= MOST_ITEMS)) {
    throw badValue(option, expected, value);
  }
  return Array.from({ length }, (_, i) => (value as unknown[])[i]);
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
