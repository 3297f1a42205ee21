/**
 * What is left of a timeout that counts for several requests together.
 *
 * @module
 */

const endless = () => 0;

/** What is left of a timeout from now on: 0 for no end, else at least 1. */
export function countdown(timeout: number): () => number {
  if (timeout === 0) return endless;
  const started = performance.now();
  return () => Math.max(1, timeout - (performance.now() - started));
}
