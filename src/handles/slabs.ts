/**
 * The buffers that callbacks hand to the user. C's own memory is never shown: a view that the
 * user keeps would point to what C has freed. Callbacks nest (unpausing writes inside a
 * callback), so each level has a buffer of its own.
 *
 * @module
 */

const SIZE = 64 * 1024;
const slabs: Uint8Array<ArrayBuffer>[] = [];
let level = 0;

/** Takes a buffer of at least `size` bytes; give it back with {@linkcode leaveSlab}. */
export function enterSlab(size: number): Uint8Array<ArrayBuffer> {
  const slab = slabs[level];
  // a user may have detached it: then its length is 0
  if (slab !== undefined && slab.length >= size) {
    level++;
    return slab;
  }
  return slabs[level++] = new Uint8Array(new ArrayBuffer(Math.max(size, SIZE)));
}

/** Gives back the buffer taken last. */
export function leaveSlab(): void {
  level--;
}
