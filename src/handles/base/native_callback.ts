/**
 * The one way to make a native callback. Nothing that JS throws reaches C, which would go on with an
 * undefined result: the function that is called for C returns its failure value instead.
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

/** What C gets where a callback fails: of the type of its result. */
type FailureOf<S extends Signature> = ReturnType<CallbackFunction<S>>;

/**
 * A C function that calls `fn`. It lives as long as the thread: connections may call it at any time.
 *
 * `fn` itself keeps what the user's code throws for the caller of libcurl. What is still thrown is
 * reported as an uncaught error: there is no caller that it belongs to.
 */
export function nativeCallback<const S extends Signature>(
  signature: S,
  failure: FailureOf<S>,
  fn: CallbackFunction<S>,
): NonNullPointer {
  const call = fn as (...args: unknown[]) => FailureOf<S>;
  // five parameters, the most that a callback of libcurl has: a rest array would cost an allocation
  const guarded = (a: unknown, b: unknown, c: unknown, d: unknown, e: unknown): FailureOf<S> => {
    try {
      return call(a, b, c, d, e);
    } catch (error) {
      queueMicrotask(() => reportError(error));
      return failure;
    }
  };
  live.callbacks++;
  return native.callback(signature, guarded as CallbackFunction<S>).pointer;
}
