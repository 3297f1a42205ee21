/**
 * Makes native callbacks. No other file does. An exception must not reach C, which would continue
 * with an undefined result, so a callback that throws returns its failure value.
 *
 * @module
 */

import { live } from "../../../ffi/memory.ts";
import {
  type CallbackFunction,
  native,
  type NonNullPointer,
  type Signature,
} from "../../../ffi/mod.ts";

/** The result of a callback that fails, of the type that C expects. */
type FailureOf<S extends Signature> = ReturnType<CallbackFunction<S>>;

/**
 * Makes a C function that calls `fn`. The function is never closed, since connections may call it
 * as long as the thread lives.
 *
 * `fn` itself records what the user's code throws, for the caller of libcurl. Any other exception
 * belongs to no caller and is reported as an uncaught error.
 */
export function nativeCallback<const S extends Signature>(
  signature: S,
  failure: FailureOf<S>,
  fn: CallbackFunction<S>,
): NonNullPointer {
  const call = fn as (...args: unknown[]) => FailureOf<S>;
  // five parameters are the most that a callback of libcurl has; a rest array would be allocated
  const guarded = (a: unknown, b: unknown, c: unknown, d: unknown, e: unknown): FailureOf<S> => {
    try {
      return call(a, b, c, d, e);
    } catch (error) {
      try {
        queueMicrotask(() => reportError(error));
      } catch {
        // the stack is exhausted, by calls that end in this callback again
      }
      return failure;
    }
  };
  live.callbacks++;
  return native.callback(signature, guarded as CallbackFunction<S>).pointer;
}
