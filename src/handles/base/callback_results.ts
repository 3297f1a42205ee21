/**
 * A function of the user, and what it gives back to C.
 *
 * @module
 */

import { isInstance, textOf } from "../../untrusted.ts";

// deno-lint-ignore no-explicit-any -- each kind has its own parameters, checked by setOpt's types
export type AnyFunction = (...args: any[]) => unknown;

/** A result as the 32 bits that C reads, or a throw of `TypeError` for what is no integer. */
export function toInt(value: unknown, what: string): number {
  if (typeof value === "number" && value >= -0x80000000 && value <= 0xffffffff) {
    if (Number.isInteger(value)) return value + 0; // FFI takes no -0
  }
  throw new TypeError(`The ${what} returned ${describe(value)}, expected an integer`);
}

/** As {@linkcode toInt}, but `undefined` is success. */
export function toStatus(value: unknown, what: string): number {
  return value === undefined ? 0 : toInt(value, what);
}

function describe(value: unknown): string {
  if (isInstance(value, Promise)) return "a Promise";
  return value === null || typeof value !== "object" ? textOf(value) : "an object";
}
