/**
 * Converts the results of the user's callbacks to C integers.
 *
 * @module
 */

import { isInstance, textOf } from "../../untrusted.ts";

/** A callback of the user. Each kind has its own parameters, which the types of setOpt check. */
// deno-lint-ignore no-explicit-any -- the parameters are those of the kind
export type AnyFunction = (...args: any[]) => unknown;

const LEAST = -0x80000000, MOST = 0xffffffff;

/** The result as an integer of 32 bits. Throws `TypeError` for anything else, such as a Promise. */
export function toInt(value: unknown, what: string): number {
  if (typeof value === "number" && value >= LEAST && value <= MOST) {
    if (Number.isInteger(value)) return value + 0; // FFI takes no -0
  }
  throw refusal(value, what, `an integer from ${LEAST} to ${MOST}`);
}

/** The result as a status: as {@linkcode toInt}, but `undefined` means 0, success. */
export function toStatus(value: unknown, what: string): number {
  return value === undefined ? 0 : toInt(value, what);
}

/** The error for a result that is refused. */
export function refusal(value: unknown, what: string, expected: string): TypeError {
  disown(value);
  return new TypeError(`The ${what} returned ${describe(value)}, expected ${expected}`);
}

const { then } = Promise.prototype, nothing = () => {};

/**
 * Marks a promise that is refused as handled: the call fails with an error of its own, and a later
 * rejection would end the process. By the platform's own method, which throws for any other value
 * and does not read a `then` of the user's.
 */
export function disown(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  try {
    Reflect.apply(then, value, [nothing, nothing]);
  } catch {
    // no promise, or one whose class throws
  }
}

function describe(value: unknown): string {
  if (isInstance(value, Promise)) return "a Promise";
  if (value === null || value === undefined) return textOf(value);
  if (typeof value === "number" || typeof value === "boolean") return textOf(value);
  if (typeof value === "bigint") return `the bigint ${value}`;
  if (typeof value === "string") return `the string ${JSON.stringify(value.slice(0, 80))}`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
