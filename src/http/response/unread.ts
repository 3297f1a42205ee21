/**
 * Bodies that nobody reads. Such a transfer is paused after a while, as it is when its queue is full:
 * a paused transfer does not keep the process alive, so a program ends although a response that it
 * does not read goes on, as with the runtimes' own `fetch`.
 *
 * @module
 */

import { clearTimeout, setTimeout } from "node:timers";

/** A body whose transfer can be paused. */
export interface UnreadBody {
  /**
   * Pauses the transfer if nobody has read since the last look. Returns whether another look is
   * needed.
   */
  look(): boolean;
}

/** How often bodies are looked at. One that is unread at two looks is paused. */
const EVERY_MS = 200;

const bodies = new Set<UnreadBody>();
let timer: ReturnType<typeof setTimeout> | null = null;

/** Looks at a body until `look` returns `false`, or {@linkcode forgetUnread} is called. */
export function watchUnread(body: UnreadBody): void {
  bodies.add(body);
  if (timer === null) lookLater();
}

/** Ends {@linkcode watchUnread}: without a body there is no timer. */
export function forgetUnread(body: UnreadBody): void {
  bodies.delete(body);
  if (bodies.size > 0 || timer === null) return;
  clearTimeout(timer);
  timer = null;
}

function lookLater(): void {
  timer = setTimeout(() => {
    for (const body of bodies) if (!body.look()) bodies.delete(body);
    if (bodies.size > 0) lookLater();
    else timer = null;
  }, EVERY_MS);
  timer.unref();
}
