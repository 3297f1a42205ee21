/**
 * The handles that a `CurlMime` can be made for.
 *
 * @module
 */

/** A handle: an `Easy` or a `Curl`. */
export interface MimeHost {
  /** The number of the handle. */
  readonly id: number;
  /** Whether the handle is open. */
  readonly isOpen: boolean;
}

const hosts = new WeakSet<object>();

/** Registers a handle. */
export function addMimeHost(host: MimeHost): void {
  hosts.add(host);
}

/** Whether a value is a registered handle. */
export function isMimeHost(value: unknown): boolean {
  return typeof value === "object" && value !== null && hosts.has(value);
}
