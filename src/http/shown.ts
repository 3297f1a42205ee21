/**
 * Descriptions of the caller's values for error messages.
 *
 * @module
 */

import { nearest } from "../nearest.ts";
import { typeError } from "./errors.ts";

const MOST = 60;

/** A short description of a value. Runs no code of the value. */
export function shown(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > MOST ? `${value.slice(0, MOST)}…` : value);
  }
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return isArray(value) ? "an array" : "an object";
  return String(value);
}

/** The error of a wrong option: its name, what it takes and what it got. */
export function wrong(call: string, name: string, expected: string, got: unknown): TypeError {
  return typeError(`Cannot ${call}: ${name} must be ${expected}, got ${shown(got)}`);
}

/**
 * Throws `TypeError` for an unknown member of an object that curlew defines, such as `retry`.
 * Unknown members of `init` are ignored, as by the platform.
 */
export function checkNames(
  call: string,
  name: string,
  given: object,
  known: object,
): void {
  const other = Object.keys(given).find((key) => !Object.hasOwn(known, key));
  if (other === undefined) return;
  const meant = nearest(other, Object.keys(known));
  throw typeError(
    `Cannot ${call}: ${name} has no member ${shown(other)} (the nearest is ${meant})`,
  );
}

/** Whether a value is an array; false for a revoked proxy, for which `Array.isArray` throws. */
function isArray(value: object): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}
