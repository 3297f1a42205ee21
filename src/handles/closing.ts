/**
 * Whether a CLOSESOCKETFUNCTION is on the stack. It belongs to a connection and not to a handle,
 * so no handle knows of it: while it runs, all of this thread's count as inside a callback.
 *
 * @module
 */

/** How many there are. */
export const closing: { depth: number } = { depth: 0 };
