/**
 * Reads Blobs and streams of users by the platform's own methods, as they were when this module was
 * loaded: an object may have methods of the user. For an object of another class, and for a
 * `Proxy`, they throw `TypeError`.
 *
 * @module
 */

import { dictionary } from "../../members.ts";
import { isInstance } from "../../untrusted.ts";

function getterOf<T, V>(prototype: T, name: keyof T & string): (of: T) => V {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
  return (of) => Reflect.apply(get as () => V, of, []);
}

const { Response } = globalThis;
const { arrayBuffer, slice, stream } = Blob.prototype;
const { cancel, getReader } = ReadableStream.prototype;

/** The size of a Blob in bytes. */
export const blobSize: (blob: Blob) => number = getterOf(Blob.prototype, "size");

/** The media type of a Blob, empty for none. */
export const blobType: (blob: Blob) => string = getterOf(Blob.prototype, "type");

/** The bytes of a Blob, or those from `start` up to `end`. */
export async function blobBytes(blob: Blob, start = 0, end?: number): Promise<ArrayBuffer> {
  const its = hasOwnSize(blob) ? await plainCopy(blob) : blob;
  const part = end === undefined ? its : Reflect.apply(slice, its, [start, end]);
  return Reflect.apply(arrayBuffer, part, []);
}

/** Whether the class of a Blob, or the Blob, has a `size` instead of the platform's. */
function hasOwnSize(blob: Blob): boolean {
  for (let of: object | null = blob; of !== null && of !== Blob.prototype;) {
    if (Object.hasOwn(of, "size")) return true;
    of = Object.getPrototypeOf(of);
  }
  return false;
}

const copies = new WeakMap<Blob, Promise<Blob>>();

/** A copy that has no members of the user: Deno's own `slice` and `arrayBuffer` read `this.size`. */
function plainCopy(blob: Blob): Promise<Blob> {
  let copy = copies.get(blob);
  if (!copy) copies.set(blob, copy = new Response(blobStream(blob)).blob());
  return copy;
}

/** The bytes of a Blob as a stream. */
export const blobStream = (blob: Blob): ReadableStream<Uint8Array<ArrayBuffer>> =>
  Reflect.apply(stream, blob, []);

/** Whether a stream has a reader. */
export const isLocked: (stream: ReadableStream) => boolean = getterOf(
  ReadableStream.prototype,
  "locked",
);

/**
 * Whether a stream was read or cancelled before, even if it has no reader now. No member says so,
 * but the constructor of `Response` refuses such a stream. It does not read or lock another one.
 */
export function isDisturbed(stream: ReadableStream): boolean {
  if (isLocked(stream)) return false; // refused by it as well
  try {
    return !new Response(stream);
  } catch (error) {
    return isInstance(error, TypeError); // any other is thrown by a member of the user's
  }
}

/** A reader of a stream. Throws `TypeError` where it is locked. */
export const readerOf = (stream: ReadableStream): ReadableStreamDefaultReader<Uint8Array> =>
  Reflect.apply(getReader as () => ReadableStreamDefaultReader<Uint8Array>, stream, []);

/** A reader into buffers of the caller. Throws `TypeError` where there can be none. */
export const byobReaderOf = (stream: ReadableStream): ReadableStreamBYOBReader =>
  Reflect.apply(getReader, stream, [dictionary({ mode: "byob" })]);

/** Cancels a stream that has no reader. Never throws. */
export function cancelStream(stream: ReadableStream, reason: unknown): void {
  try {
    // a locked stream is cancelled by its reader
    Reflect.apply(cancel, stream, [reason]).catch(() => {});
  } catch {
    // the value is not a stream
  }
}
