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
const buffers: ArrayBuffer[] = [];
let level = 0;

/** Takes a buffer of `size` bytes; give it back with {@linkcode giveBufferBack}. */
export function takeBuffer(size: number): Uint8Array<ArrayBuffer> {
  const last = views[level];
  if (last === undefined || viewLength(last) !== size) views[level] = view(size);
  return views[level++] as Uint8Array<ArrayBuffer>;
}

function view(size: number): Uint8Array<ArrayBuffer> {
  const last = buffers[level];
  // a user may have detached it: then it has no byte
  const isLarge = last !== undefined && bufferLength(last) >= Math.max(size, 1);
  const buffer = isLarge ? last : buffers[level] = new ArrayBuffer(Math.max(size, SIZE));
  return new Uint8Array(buffer, 0, size);
}

type Getter<T> = (of: T) => number;

function getter<T extends object>(prototype: T, name: string): Getter<T> {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
  return (of) => (get as () => number).call(of);
}

/** How many bytes a buffer has, 0 where it is detached; its `length` may be the user's own. */
export const viewLength: Getter<Uint8Array> = getter(
  Object.getPrototypeOf(Uint8Array.prototype),
  "length",
);
const bufferLength = getter(ArrayBuffer.prototype, "byteLength");

/** How many are taken. */
export function buffersInUse(): number {
  return level;
}

/** Gives back the buffer taken last. */
export function giveBufferBack(): void {
  level--;
}
