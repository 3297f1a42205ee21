/**
 * The buffers that callbacks hand to the user. C's own memory is never shown: a view that the
 * user keeps would point to what C has freed. Callbacks nest (unpausing writes inside a
 * callback), so each level has a buffer of its own.
 *
 * @module
 */

const SIZE = 64 * 1024;
/** For each level what was shown there last: most pieces are as long as the one before. */
const views: Uint8Array<ArrayBuffer>[] = [];
let level = 0;

/** Takes a buffer of `size` bytes; give it back with {@linkcode leaveSlab}. */
export function enterSlab(size: number): Uint8Array<ArrayBuffer> {
  const last = views[level];
  if (last === undefined || last.length !== size) views[level] = view(size, last?.buffer);
  return views[level++] as Uint8Array<ArrayBuffer>;
}

/** A user may have detached the buffer: then its length is 0. */
function view(size: number, buffer: ArrayBuffer | undefined): Uint8Array<ArrayBuffer> {
  const isLarge = buffer !== undefined && buffer.byteLength >= size && buffer.byteLength > 0;
  return new Uint8Array(isLarge ? buffer : new ArrayBuffer(Math.max(size, SIZE)), 0, size);
}

/** How many are taken. */
export function slabLevel(): number {
  return level;
}

/** Gives back the buffer taken last. */
export function leaveSlab(): void {
  level--;
}
