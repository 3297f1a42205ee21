/**
 * A stack of buffers, in which callbacks pass bytes to the user's functions. A view of C's own
 * memory would dangle if the user kept it. Callbacks nest (unpausing runs WRITEFUNCTION inside
 * another callback), so each level has its own buffer.
 *
 * @module
 */

import { bufferLength, viewLength } from "./views.ts";

const SIZE = 64 * 1024;
/** The last view of each level, for the next piece: most pieces have the same length. */
const views: Uint8Array<ArrayBuffer>[] = [];
const buffers: ArrayBuffer[] = [];
/** The owner of the bytes in the buffer of each level; `null` where several may have left bytes. */
const owners: (object | null)[] = [];
let level = 0;

/**
 * Takes a buffer of `size` bytes, until {@linkcode giveBufferBack}. A buffer whose bytes are sent
 * has an `owner`, and bytes of other owners are cleared first: a user's function may return a
 * larger count than the number of bytes it has filled.
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
  // the user may have detached the buffer, which makes its length 0
  const isLarge = last !== undefined && bufferLength(last) >= Math.max(size, 1);
  const buffer = isLarge ? last : buffers[level] = new ArrayBuffer(Math.max(size, SIZE));
  return new Uint8Array(buffer, 0, size);
}

/** Text for an error message: the size of a buffer, which was `size` until the user had it. */
export function roomOf(buffer: Uint8Array<ArrayBuffer>, size: number): string {
  const isDetached = viewLength(buffer) < size;
  return isDetached ? "its buffer was detached" : `its buffer has ${size} bytes`;
}

/** How many buffers are taken. */
export function buffersInUse(): number {
  return level;
}

/** Returns the buffer that was taken last. */
export function giveBufferBack(): void {
  level--;
}
