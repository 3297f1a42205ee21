/**
 * Reads values that users pass: what they throw, and what their streams, signals and callbacks
 * return. Any access to such a value may throw, since it may be a proxy that was revoked or have
 * getters; none of these functions does.
 *
 * @module
 */

/** `instanceof`, but false where the operator throws. No other file in `src/` has the operator. */
export function isInstance<T>(
  value: unknown,
  of: abstract new (...args: never[]) => T,
): value is T {
  try {
    return value instanceof of;
  } catch {
    return false;
  }
}

/** A property, `undefined` where reading it throws. */
export function propertyOf(value: unknown, key: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  } catch {
    return undefined;
  }
}

/** The text for a value that cannot be converted to one. */
const NO_TEXT = "a value that has no text";

/** `String(value)`. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return NO_TEXT;
  }
}

/** The message of an error, or the text of anything else that was thrown. */
export function messageOf(error: unknown): string {
  const message = isInstance(error, Error) ? propertyOf(error, "message") : undefined;
  return typeof message === "string" ? message : textOf(error);
}

/** Reports an error on the console: `reportError` would end the process on Deno. */
export function reportHarmless(error: unknown): void {
  console.error("curlew: a function of the caller's has failed:", error);
}
