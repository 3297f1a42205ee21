/**
 * Checks of options that several calls have: numbers, `onProgress`, `verbose` and `signal`. `call`
 * is the name of the call in error messages.
 *
 * @module
 */

import { isSignal, notASignal } from "../../signals.ts";
import { typeError } from "../errors.ts";
import { wrong } from "../shown.ts";

/** Reads a number from 0 to `most`. Throws `TypeError` for anything else. */
export function readNumber(name: string, value: unknown, most: number, call = "fetch"): number {
  if (typeof value === "number" && value >= 0 && value <= most) return value;
  throw wrong(call, name, `a number from 0 to ${most}`, value);
}

/** Reads `onProgress`. Throws `TypeError` for a value that is not a function. */
export function readProgress<F>(onProgress: F | null | undefined, call = "fetch"): F | undefined {
  if (onProgress === undefined || onProgress === null) return undefined;
  if (typeof onProgress === "function") return onProgress;
  throw wrong(call, "onProgress", "a function", onProgress);
}

/**
 * Reads `verbose`; `undefined` for none. Throws `TypeError` if it is neither a boolean nor a
 * function.
 */
export function readVerbose(verbose: unknown): true | ((line: string) => void) | undefined {
  if (verbose === undefined || verbose === null || verbose === false) return undefined;
  if (verbose === true || typeof verbose === "function") return verbose as true;
  throw wrong("fetch", "verbose", "true or a function", verbose);
}

/** Reads `signal`. Throws `TypeError` for a value that is not an `AbortSignal`. */
export function readSignal(signal: unknown, call = "fetch"): AbortSignal | null {
  if (signal === null || isSignal(signal)) return signal;
  throw typeError(`Cannot ${call}: the signal is not an AbortSignal: ${notASignal(signal)}`);
}
