/**
 * The arguments of a `Poller`'s methods, and their checks.
 *
 * @module
 */

import { CurlMultiError, MultiCode } from "../../errors.ts";
import { show } from "../../handles/base/arguments.ts";
import { member } from "../../members.ts";
import { isSignal, notASignal } from "../../signals.ts";
import { READ, WRITE } from "../poller/poller.ts";

/** The options of `Poller.wait`. */
export interface PollerWaitOptions {
  /**
   * The longest time to wait, in milliseconds. 0 polls once; Infinity, the default, waits without
   * end. Where `Multi.timeout()` returns -1, pass Infinity.
   */
  readonly timeout?: number;
  /** Ends the wait; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

function badArgument(what: string, expected: string, value: unknown): CurlMultiError {
  const message = `Cannot ${what}: expected ${expected}, got ${show(value)}`;
  return new CurlMultiError(MultiCode.BAD_FUNCTION_ARGUMENT, message);
}

/** Reads a descriptor: a whole number from 0. */
export function descriptorOf(what: string, value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0x7fffffff) {
    return value as number + 0; // FFI accepts no -0
  }
  throw badArgument(`${what} a descriptor`, "a whole number from 0", value);
}

/** Reads the directions to watch for. */
export function interestOf(value: unknown): number {
  if (Number.isInteger(value) && ((value as number) & ~(READ | WRITE)) === 0) {
    return value as number + 0;
  }
  const expected = "CURL_POLL_IN (1), CURL_POLL_OUT (2), CURL_POLL_INOUT (3) or CURL_POLL_NONE (0)";
  throw badArgument("watch for these events", expected, value);
}

/** Reads the timeout of a wait, and its signal. */
export function waitOptionsOf(
  options: unknown,
): { timeout: number; signal: AbortSignal | undefined } {
  if (options !== undefined && options !== null && typeof options !== "object") {
    throw badArgument("wait", "an object with options", options);
  }
  const given = (options ?? {}) as Record<"timeout" | "signal", unknown>;
  const timeout = member(given, "timeout"), signal = member(given, "signal") ?? undefined;
  if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 0)) {
    throw badArgument("wait that long", "milliseconds from 0, or Infinity for no end", timeout);
  }
  if (signal !== undefined && !isSignal(signal)) {
    const message = `Cannot use the signal: ${notASignal(signal)}`;
    throw new CurlMultiError(MultiCode.BAD_FUNCTION_ARGUMENT, message);
  }
  return { timeout: timeout ?? Infinity, signal };
}
