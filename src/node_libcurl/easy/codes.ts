/**
 * Converts exceptions of the core to codes.
 *
 * @module
 */

import {
  CurlEasyError as CoreError,
  CurlLoadError,
  CurlMultiError as CoreMultiError,
} from "../../errors.ts";
import { CurlCode } from "../enums/codes.ts";
import { CurlEasyError } from "../errors.ts";
import type { Inner } from "./inner.ts";
import { isInstance } from "../../untrusted.ts";

/** libcurl's text for a code. */
export function textOf(code: CurlCode): string {
  return new CoreError(code).message;
}

/**
 * The code of the error that a call of the core throws; its message is kept as the handle's
 * `detail`. An exception of the user's callback is thrown again.
 */
export function codeOf(inner: Inner, call: () => void): CurlCode {
  inner.detail = "";
  try {
    call();
    return CurlCode.CURLE_OK;
  } catch (error) {
    const thrown = thrownByUser(error);
    if (thrown) throw thrown.value;
    return noteError(inner, error);
  }
}

/**
 * The code of an error of the core, whose message is kept as the detail. Rethrows any other value.
 */
export function noteError(inner: Inner, error: unknown): CurlCode {
  if (isInstance(error, CoreError)) {
    inner.detail ||= error.message === textOf(error.code) ? "" : error.message;
    return error.code as CurlCode;
  }
  if (isInstance(error, CoreMultiError) || isInstance(error, CurlLoadError)) {
    inner.detail ||= error.message;
    return isInstance(error, CurlLoadError)
      ? CurlCode.CURLE_NOT_BUILT_IN
      : CurlCode.CURLE_FAILED_INIT;
  }
  throw error;
}

/** The exception of a user's callback, if it is the cause of an error of the core; else `null`. */
export function thrownByUser(error: unknown): { readonly value: unknown } | null {
  if (!isInstance(error, CoreError) || !("cause" in error)) return null;
  // for a call that the core refuses inside a callback, the cause is the core's own error
  return isInstance(error.cause, CoreError) ? null : { value: error.cause };
}

/** The error of a transfer that ended with a code. */
export function transferError(inner: Inner, code: CurlCode): CurlEasyError {
  const { detail } = inner;
  return new CurlEasyError(`Request failed: ${textOf(code)}`, code, { detail });
}

/** The error of a transfer that cannot start. */
export function startError(inner: Inner, code: CurlCode): CurlEasyError {
  const { detail } = inner;
  return new CurlEasyError(`Cannot start the request: ${detail || textOf(code)}`, code, { detail });
}

/** The error of a transfer that a callback of the user has ended. */
export function callbackError(cause: unknown): CurlEasyError {
  const code = CurlCode.CURLE_ABORTED_BY_CALLBACK;
  return new CurlEasyError("A callback has ended the request", code, { cause });
}
