/**
 * The signals of users. A signal may have members of the user's own, which throw, return anything,
 * or close the object that the signal is for: so only the platform's own getters and methods are
 * used, as they were when this module was loaded.
 *
 * @module
 */

import { isProxy } from "node:util/types"; // node:util would cost 2 ms of the start

const { prototype } = AbortSignal;

function getterOf<T>(name: "aborted" | "reason"): (signal: AbortSignal) => T {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
  return (signal) => Reflect.apply(get as () => T, signal, []);
}

const aborted = getterOf<boolean>("aborted"), reason = getterOf<unknown>("reason");
// of AbortSignal, not of EventTarget: Deno's own methods keep the timer of AbortSignal.timeout()
// alive
const { addEventListener, removeEventListener } = prototype;

/**
 * Whether a value is a signal. A `Proxy` of one is not: each access to it would run the user's
 * code.
 */
export function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== "object" || value === null || isProxy(value)) return false;
  try {
    aborted(value as AbortSignal); // throws for any other value
    return true;
  } catch {
    return false;
  }
}

/** Text for an error message: what was expected, and what the value is instead. */
export function notASignal(value: unknown): string {
  const got = isProxy(value) ? "a proxy" : typeof value;
  return `expected an AbortSignal, got ${got}`;
}

/** Whether a signal is aborted. */
export const isAborted = (signal: AbortSignal): boolean => aborted(signal);

/** The reason of an aborted signal. */
export const reasonOf = (signal: AbortSignal): unknown => reason(signal);

/** Throws the reason of a signal that is aborted. */
export function throwIfAborted(signal: AbortSignal | null | undefined): void {
  if (signal && isAborted(signal)) throw reasonOf(signal);
}

/** Whether an error is the reason of an aborted signal. */
export function isAbortOf(signal: AbortSignal | null, error: unknown): boolean {
  return signal !== null && isAborted(signal) && Object.is(reasonOf(signal), error);
}

/**
 * Calls `listener` when the signal is aborted, at most once. An `abort` event that other code has
 * dispatched to a signal that is not aborted is ignored. Returns the function that stops listening.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const onEvent = () => {
    if (!isAborted(signal)) return;
    unlisten();
    listener();
  };
  const unlisten = () => Reflect.apply(removeEventListener, signal, ["abort", onEvent]);
  Reflect.apply(addEventListener, signal, ["abort", onEvent]);
  return unlisten;
}

const { addEventListener: addPlain, removeEventListener: removePlain } = EventTarget.prototype;

/**
 * Like {@linkcode onAbort}, but on Deno the listener does not make an `AbortSignal.timeout()` keep
 * the process alive: for a body that may never be read.
 */
export function onAbortWithoutRef(signal: AbortSignal, listener: () => void): () => void {
  let own: AbortSignal;
  try {
    // a new signal: whether the timeout keeps the process alive depends on Deno on the listeners of
    // each
    own = AbortSignal.any([signal]);
  } catch {
    return onAbort(signal, listener); // the signal has a member of the user's own that throws
  }
  Reflect.apply(addPlain, own, ["abort", listener]);
  return () => Reflect.apply(removePlain, own, ["abort", listener]);
}
