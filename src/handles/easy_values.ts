/**
 * The checks on an option's value, before anything reaches C.
 *
 * @module
 */

import { Code, CurlEasyError } from "../errors.ts";

/** The error for a value that an option cannot take. */
export function badValue(option: string, expected: string, value: unknown): CurlEasyError {
  return new CurlEasyError(
    Code.BAD_FUNCTION_ARGUMENT,
    `Cannot set ${option}: expected ${expected}, got ${show(value)}`,
  );
}

/** A value as an error message shows it: never the text of a string, which may be a secret. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    return value.includes("\0") ? "a string with a NUL" : "a string";
  }
  if (value === null || typeof value !== "object") return String(value);
  return `an object of class ${value.constructor?.name ?? "?"}`;
}

const MAX_I64 = 2n ** 63n - 1n, MIN_I64 = -(2n ** 63n);

/** A whole number that fits 64 bits; a boolean is 1 or 0. */
export function integer(option: string, value: unknown): number | bigint {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  if (typeof value === "bigint" && value >= MIN_I64 && value <= MAX_I64) return value;
  throw badValue(option, "a whole number of 64 bits or a boolean", value);
}

/** A `long` that fits 32 bits, as on Windows, or an unsigned bitmask of as many. */
export function long(option: string, value: unknown): number {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number" && Number.isInteger(value)) {
    if (value >= -0x80000000 && value <= 0xffffffff) return value;
  }
  throw badValue(option, "a whole number of 32 bits or a boolean", value);
}

/** A string that C can take. */
export function text(option: string, value: unknown): string {
  if (typeof value === "string" && !value.includes("\0")) return value;
  throw badValue(option, "a string without NUL", value);
}

/** Lines that C can take: text, or bytes that are sent as they are. */
export function lines(option: string, value: unknown): readonly (string | Uint8Array)[] {
  if (!Array.isArray(value)) throw badValue(option, "an array of strings", value);
  const all = [...value]; // a getter may say something else the second time
  for (const line of all) {
    if (!(line instanceof Uint8Array) || line.includes(0)) text(option, line);
  }
  return all;
}

/** Bytes, from a view or a buffer. */
export function bytes(option: string, value: unknown): Uint8Array<ArrayBuffer> {
  if (value instanceof Uint8Array) return value as Uint8Array<ArrayBuffer>;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
  }
  throw badValue(option, "bytes", value);
}
