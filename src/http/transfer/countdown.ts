/**
 * The countdown of a timeout that covers a request and all redirects that follow it.
 *
 * @module
 */

const endless = () => 0;

/**
 * Starts the countdown of a timeout in milliseconds. The function returned gives the time left: 0
 * if there is no timeout, else at least 1.
 */
export function countdown(timeout: number): () => number {
  if (timeout === 0) return endless;
  const started = performance.now();
  return () => Math.max(1, timeout - (performance.now() - started));
}
