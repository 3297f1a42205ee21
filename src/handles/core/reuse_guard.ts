/**
 * Whether the connection of an easy must not be used again: `easy/forbid_reuse.ts` says why.
 *
 * @module
 */

/** What an easy may speak such a protocol for, and its FORBID_REUSE. */
export interface ReuseGuard {
  /** A bit for each option that may lead there. */
  by: number;
  /** What the user wants FORBID_REUSE to be. */
  wanted: number;
  /** Whether it is 1 instead. */
  forced: boolean;
}

/** The guard of a new handle. */
export function newGuard(): ReuseGuard {
  return { by: 0, wanted: 0, forced: false };
}
