/**
 * The buffers that callbacks hand to the user. C's own memory is never shown: a view that the
 * user keeps would point to what C has freed. Callbacks nest (unpausing writes inside a
 * callback), so each level has a buffer of its own.
 *
 * @module
 */

import { bufferLength, viewLength } from "./views.ts";

const SIZE = 64 * 1024;
/** For each level what was shown there last: most pieces are as long as the one before. */
const views: Uint8Array<ArrayBuffer>[] = [];
const buffers: ArrayBuffer[] = [];
/** For each level whose bytes alone are there; `null` for anybody's. */
const owners: (object | null)[] = [];
let level = 0;

/**
 * Takes a buffer of `size` bytes; give it back with {@linkcode giveBufferBack}. What is sent from
 * there has an `owner`: bytes of others are cleared, since nobody can tell how much of the buffer a
 * function of the user has filled.
 */
export function takeBuffer(size: number, owner: object | null): Uint8Array<ArrayBuffer> {
  const last = views[level];
  if (last === undefined || viewLength(last) !== size) views[level] = view(size);
  if (owners[level] !== owner) {
    owners[level] = owner;
    if (owner !== null) new Uint8Array(buffers[level] as ArrayBuffer).fill(0);
  }
  return views[level++] as Uint8Array<ArrayBuffer>;
}

function view(size: number): Uint8Array<ArrayBuffer> {
  const last = buffers[level];
  // a user may have detached it: then it has no byte
  const isLarge = last !== undefined && bufferLength(last) >= Math.max(size, 1);
  const buffer = isLarge ? last : buffers[level] = new ArrayBuffer(Math.max(size, SIZE));
  return new Uint8Array(buffer, 0, size);
}

/** How many are taken. */
export function buffersInUse(): number {
  return level;
}

/** Gives back the buffer taken last. */
export function giveBufferBack(): void {
  level--;
}
