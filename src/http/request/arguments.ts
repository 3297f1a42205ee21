/**
 * Checks of the options that the calls of `src/http` have in common.
 *
 * @module
 */

/** A number of the options of `call`. Throws `TypeError` where it is none, or out of range. */
export function readNumber(name: string, value: unknown, most: number, call = "fetch"): number {
  if (typeof value === "number" && value >= 0 && value <= most) return value;
  throw new TypeError(`Cannot ${call}: ${name} must be a number from 0 to ${most}`);
}

/** The `onProgress` of the options of `call`. Throws `TypeError` where it is no function. */
export function readProgress<F>(onProgress: F | null | undefined, call = "fetch"): F | undefined {
  if (onProgress === undefined || onProgress === null) return undefined;
  if (typeof onProgress === "function") return onProgress;
  throw new TypeError(`Cannot ${call}: onProgress must be a function`);
}

/** A signal of the options of `call`. Throws `TypeError` where it is none. */
export function readSignal(signal: unknown, call = "fetch"): AbortSignal | null {
  if (signal === null || signal instanceof AbortSignal) return signal;
  throw new TypeError(`Cannot ${call}: the signal is no AbortSignal`);
}
