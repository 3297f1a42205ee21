/**
 * What every callback does around the user's function: it never throws into C, returns the
 * documented failure value, and keeps the exception for the caller.
 *
 * @module
 */

import type { AnyFunction, EasyState } from "../core/easy_state.ts";
import { easyTokens } from "../core/easy_state.ts";

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
  if (value instanceof Promise) return "a Promise";
  return value === null || typeof value !== "object" ? String(value) : "an object";
}

/** A callback option, and the option that carries its data. */
export interface CallbackKind {
  readonly name: string;
  readonly id: number;
  readonly dataId: number;
}

/**
 * Runs the user's callback of that kind for the handle with that token. Where there is no such
 * handle or function, C gets 0, as if none were set; where it fails, C gets `failure`.
 */
export function dispatch(
  token: number,
  kind: CallbackKind,
  failure: number,
  call: (fn: AnyFunction, data: unknown, state: EasyState) => unknown,
): number {
  const state = easyTokens.get(token), fn = state?.functions.get(kind.id);
  if (!state || !fn) return 0;
  state.enter();
  try {
    return toStatus(call(fn, state.data.get(kind.dataId), state), kind.name);
  } catch (error) {
    state.threw(error);
    return failure;
  } finally {
    state.leave();
  }
}
