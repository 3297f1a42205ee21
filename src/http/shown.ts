/**
 * Values of callers in error messages: what was given where something else is expected.
 *
 * @module
 */

import { nearest } from "../nearest.ts";
import { typeError } from "./errors.ts";

const MOST = 60;

/** A short text for a value. It runs no code of the value's. */
export function shown(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > MOST ? `${value.slice(0, MOST)}…` : value);
  }
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return isArray(value) ? "an array" : "an object";
  return String(value);
}

/** The error of an option that is wrong: its name, what it takes and what it got. */
export function wrong(call: string, name: string, expected: string, got: unknown): TypeError {
  return typeError(`Cannot ${call}: ${name} must be ${expected}, got ${shown(got)}`);
}

/**
 * Throws `TypeError` for an object of curlew's own, such as `retry`, that has a member which is not
 * known. Of `init` others are ignored, as the platform does.
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

/** Whether it is an array. A revoked proxy throws where it is asked. */
function isArray(value: object): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}
