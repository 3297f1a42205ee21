/**
 * The signals of users. A signal may have members of the user's own, which throw, tell what they
 * like, or close what the signal is for: so only the platform's own getters and methods are used, as
 * they were when this module was loaded.
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
// of AbortSignal, not of EventTarget: Deno's keep the timer of AbortSignal.timeout() alive
const { addEventListener, removeEventListener } = prototype;

/** Whether a value is a signal. A proxy of one is none: each look at it would run the user's code. */
export function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== "object" || value === null || isProxy(value)) return false;
  try {
    aborted(value as AbortSignal); // throws for what is none
    return true;
  } catch {
    return false;
  }
}

/** What was expected, and what a value is that is no signal. */
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
 * Calls `listener` once the signal is aborted, at most once. An event that somebody has dispatched
 * to a signal that is not aborted is passed over. Returns the function that stops listening.
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
 * Like {@linkcode onAbort}, but on Deno an `AbortSignal.timeout()` does not keep the process alive
 * by it: for a body that nobody may ever read.
 */
export function onAbortWithoutRef(signal: AbortSignal, listener: () => void): () => void {
  let own: AbortSignal;
  try {
    // a signal of its own: listeners of others decide on Deno whether the timeout does that
    own = AbortSignal.any([signal]);
  } catch {
    return onAbort(signal, listener); // it has a member of the user's own that throws
  }
  Reflect.apply(addPlain, own, ["abort", listener]);
  return () => Reflect.apply(removePlain, own, ["abort", listener]);
}
