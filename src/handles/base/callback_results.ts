/**
 * Converts the results of the user's callbacks to C integers.
 *
 * @module
 */

import { isInstance, textOf } from "../../untrusted.ts";

/** A callback of the user. Each kind has its own parameters, which the types of setOpt check. */
// deno-lint-ignore no-explicit-any -- the parameters are those of the kind
export type AnyFunction = (...args: any[]) => unknown;

/** The result as an integer of 32 bits. Throws `TypeError` for anything else, such as a Promise. */
export function toInt(value: unknown, what: string): number {
  if (typeof value === "number" && value >= -0x80000000 && value <= 0xffffffff) {
    if (Number.isInteger(value)) return value + 0; // FFI takes no -0
  }
  throw new TypeError(`The ${what} returned ${describe(value)}, expected an integer`);
}

/** The result as a status: as {@linkcode toInt}, but `undefined` means 0, success. */
export function toStatus(value: unknown, what: string): number {
  return value === undefined ? 0 : toInt(value, what);
}

function describe(value: unknown): string {
  if (isInstance(value, Promise)) return "a Promise";
  return value === null || typeof value !== "object" ? textOf(value) : "an object";
}
