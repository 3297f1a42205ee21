/**
 * Checks of the values that users pass, made before any of them reaches C.
 *
 * @module
 */

import type { CText } from "../../../ffi/memory.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { native } from "../../../ffi/mod.ts";
import { bytesOf, isByteArray } from "./views.ts";

/** The error for a value that an option cannot take. */
export function badValue(option: string, expected: string, value: unknown): CurlEasyError {
  return new CurlEasyError(
    Code.BAD_FUNCTION_ARGUMENT,
    `Cannot set ${option}: expected ${expected}, got ${show(value)}`,
  );
}

const LINE_BREAK = /[\r\n]/;

/** Describes a value for an error message: never the text of a string, which may be a secret. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    if (value.includes("\0")) return "a string with a NUL";
    return LINE_BREAK.test(value) ? "a string with a line break" : "a string";
  }
  if (typeof value === "function") return "a function"; // its toString may be the user's
  if (value === null || typeof value !== "object") return String(value);
  return `an object of class ${className(value)}`;
}

/** Describes an unknown name for an error message: a string is shown as it is. */
export function showName(name: unknown): string {
  return typeof name === "string" ? name : show(name);
}

function className(value: object): string {
  try {
    const { name } = value.constructor;
    return typeof name === "string" ? name : "?";
  } catch {
    return "?"; // no constructor, or a getter or a proxy threw
  }
}

/** Reads an integer of 64 bits, or a boolean as 1 or 0; `undefined` for anything else. */
export function wholeInteger(value: unknown): number | bigint | undefined {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value + 0; // no -0
  return typeof value === "bigint" && BigInt.asIntN(64, value) === value ? value : undefined;
}

/** Reads an integer of 64 bits, or a boolean as 1 or 0. Throws for anything else. */
export function integer(option: string, value: unknown): number | bigint {
  const number = wholeInteger(value);
  if (number !== undefined) return number;
  throw badValue(option, "a whole number of 64 bits or a boolean", value);
}

/** Reads an integer within the bounds, or a boolean as 1 or 0; `undefined` for anything else. */
export function wholeNumber(value: unknown, least: number, most: number): number | undefined {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "number" || !Number.isInteger(value)) return undefined;
  return value >= least && value <= most ? value + 0 : undefined; // FFI takes no -0
}

/**
 * Reads an integer of 32 bits, signed or as an unsigned bitmask; a boolean is 1 or 0. Throws for
 * anything else.
 */
export function word(option: string, value: unknown): number {
  const number = wholeNumber(value, -0x80000000, 0xffffffff);
  if (number !== undefined) return number;
  throw badValue(option, "a whole number of 32 bits or a boolean", value);
}

/** Reads a C `long`, which has 64 bits on every system but Windows; a boolean is 1 or 0. */
export const long: (option: string, value: unknown) => number | bigint = native.os === "windows"
  ? word
  : integer;

/** Reads text, or bytes that C gets as they are (a copy), without NUL. Throws for anything else. */
export function text(option: string, value: unknown): CText {
  if (typeof value === "string" && !value.includes("\0")) return value;
  const copy = isByteArray(value) ? bytes(option, value).slice() : null;
  if (copy && !copy.includes(0)) return copy;
  throw badValue(option, copy ? "bytes without NUL" : "a string without NUL", value);
}

/**
 * Reads text or bytes without NUL and line breaks: in a text that is sent, the rest after a line
 * break would be another header or command.
 */
export function oneLine(option: string, value: unknown): CText {
  const line = text(option, value);
  if (typeof line === "string" ? !LINE_BREAK.test(line) : !line.some(breaksLine)) return line;
  const what = typeof line === "string" ? "a string" : "bytes";
  throw badValue(option, `${what} without line breaks`, value);
}

const breaksLine = (byte: number) => byte === 10 || byte === 13;

/** Reads an array of lines: text, or bytes that are sent as they are. Throws for anything else. */
export function lines(option: string, value: unknown): readonly CText[] {
  return items(option, "an array of strings", value).map((line) => oneLine(option, line));
}

/** More items than any meaningful list has. */
const MOST_ITEMS = 1_000_000;

/**
 * The items of an array, each read once, by its index: the array's own iterator may be the user's.
 * `undefined` for a value that is not an array, or too long.
 */
export function arrayItems(value: unknown): unknown[] | undefined {
  const length = isArray(value) ? value.length : undefined;
  if (typeof length !== "number" || !(length >= 0 && length <= MOST_ITEMS)) return undefined;
  return Array.from({ length }, (_, i) => (value as unknown[])[i]);
}

/** The items of an array, by {@linkcode arrayItems}. Throws for a value that is not an array. */
export function items(option: string, expected: string, value: unknown): unknown[] {
  const found = arrayItems(value);
  if (found) return found;
  throw badValue(option, expected, value);
}

/** `Array.isArray`, but false for a revoked proxy, where the original throws. */
export function isArray(value: unknown): value is unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** A view on the bytes of a typed array or a buffer, without a copy: {@linkcode bytesOf}. */
export function bytes(option: string, value: unknown): Uint8Array<ArrayBuffer> {
  const found = bytesOf(value);
  if (found) return found;
  throw badValue(option, "bytes", value);
}
