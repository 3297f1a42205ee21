/**
 * Blobs as chunks, each read when it is needed.
 *
 * @module
 */

import type { Stats } from "node:fs";
import { native } from "../../../ffi/mod.ts";
import { InputFile } from "../../handles/base/input_file.ts";
import { absolutePath } from "../../paths.ts";
import { isInstance, textOf } from "../../untrusted.ts";
import type { FileBody } from "./file_feeder.ts";
import type { BodyReader } from "./peek.ts";
import { blobBytes, blobSize, blobStream } from "./platform.ts";
import { typeError } from "../errors.ts";

const PIECE = 512 * 1024;
/** The most bytes of small Blobs that are read together. */
const BATCH = 128 * 1024;

/** The content of a Blob that is to be sent. */
export interface BlobContent {
  /** The number of bytes, `null` if that is known only at the end. */
  readonly size: number | null;
  /** Whether the content can be read more than once. */
  readonly replayable: boolean;
  /** The size of the file behind the Blob, `Infinity` if unknown; 0 for a Blob in memory. */
  readonly onDisk: number;
  /** The Blob itself if it is in memory, else `null`. */
  readonly inMemory: Blob | null;
  /** That file, if the Blob is all of it. */
  readonly file: FileBody | null;
  /** The base name of that file, `null` if it has none. */
  readonly fileName: string | null;
  /** Reads the content from the beginning. */
  chunks(): AsyncGenerator<Uint8Array, void, void>;
}

/**
 * Examines a Blob before it is sent. Throws `TypeError` for a `Bun.file()` that cannot be read.
 *
 * A `Bun.file()` is a Blob whose bytes are on the disk, and whose `size` may be wrong: 0 for a file
 * in `/proc`, too large for a slice that reaches beyond the end of its file, `Infinity` for a FIFO.
 * A length counts as known only if its last byte can be read.
 */
export async function blobContent(blob: Blob): Promise<BlobContent> {
  const file = await fileBehind(blob);
  if (!file) {
    const size = blobSize(blob), chunks = () => pieces(blob, size);
    const found = { size, chunks, replayable: true, onDisk: 0, inMemory: blob };
    return { ...found, file: null, fileName: null };
  }
  // a Bun.file() without a name is a descriptor, which has a position
  const { name } = blob as File;
  const isFile = file.isFile?.() === true, replayable = isFile && typeof name === "string";
  const fileName = typeof name === "string" ? name.replace(/^.*[/\\]/s, "") : null;
  const size = replayable ? await knownSize(blob, name, file.size ?? 0) : null;
  const found = { size, chunks: () => size === null ? streamed(blob) : fromDisk(blob, size) };
  const onDisk = isFile ? file.size ?? Infinity : Infinity;
  const path = size !== null && size === file.size ? await pathOf(name, file) : null;
  const whole = path === null ? null : { path, size };
  return { ...found, replayable, onDisk, inMemory: null, file: whole, fileName };
}

/** Whether C gets the same path. */
const isPath = (name: string) => name.isWellFormed() && !name.includes("\0");

/**
 * The absolute path of the file that has these properties, `null` where `name` is another's: the
 * user can change the `name` of a `Bun.file()`, which then still reads the file that it was made
 * for.
 */
async function pathOf(name: unknown, file: Partial<Stats>): Promise<string | null> {
  if (!native.findFile || typeof name !== "string" || !isPath(name)) return null;
  try {
    const path = absolutePath(name), { dev, ino, size } = await native.findFile(path);
    return dev === file.dev && ino === file.ino && size === file.size ? path : null;
  } catch {
    return null; // no file has that name
  }
}

/** The file behind a `Bun.file()`, `null` for a Blob in memory. */
async function fileBehind(blob: Blob): Promise<Partial<Stats> | null> {
  try {
    return await (blob as { stat?(): Promise<Stats> }).stat?.() ?? null;
  } catch (cause) {
    throw typeError(`Cannot read the Blob: ${textOf(cause)}`, { cause });
  }
}

/**
 * Whether a Blob has no byte. Its `size` is not read: once Bun has returned 0 for it, Bun reads
 * nothing.
 */
async function isEmpty(blob: Blob): Promise<boolean> {
  const chunks = streamed(blob), { done } = await chunks.next();
  await chunks.return();
  return done === true;
}

/**
 * The largest size that counts as known. Bun returns a larger one for a slice up to the end of a
 * file that it has not examined.
 */
export const MAX_KNOWN_SIZE: number = 2 ** 50;

/** The length of a Blob of the file `path`, `null` where that has not the size that it claims. */
async function knownSize(blob: Blob, path: string, fileSize: number): Promise<number | null> {
  if (fileSize === 0) return await isEmpty(blob) ? 0 : null;
  const size = blobSize(blob);
  if (size === 0) {
    await fileBehind(blob); // fails for a file that is gone by now, of which Bun says the same
    return 0;
  }
  if (size < MAX_KNOWN_SIZE && await hasByte(blob, size - 1)) return size;
  return hasItsSize(path, fileSize) ? await readable(blob, Math.min(size, fileSize)) : null;
}

async function hasByte(blob: Blob, at: number): Promise<boolean> {
  return (await blobBytes(blob, at, at + 1)).byteLength === 1;
}

/** Whether a file can be read up to the size that the system gives, unlike those in `/sys`. */
function hasItsSize(path: string, size: number): boolean {
  if (!isPath(path)) return false;
  const file = new InputFile(path);
  try {
    return file.hasByte(size - 1) && !file.hasByte(size);
  } catch {
    return false; // the name is not that of the file, or the file cannot be read at a position
  } finally {
    file.close();
  }
}

/** How many bytes of a Blob can be read, `most` at most. Bun does not tell where a slice begins. */
async function readable(blob: Blob, most: number): Promise<number> {
  let least = 0;
  while (least < most) {
    const middle = least + Math.ceil((most - least) / 2);
    if (await hasByte(blob, middle - 1)) least = middle;
    else most = middle - 1;
  }
  return least;
}

/**
 * The bytes of a Blob in memory, in pieces. Not by its own `stream()`: on Deno that gives the whole
 * Blob as one chunk.
 */
async function* pieces(blob: Blob, size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < size; at += PIECE) {
    const end = Math.min(at + PIECE, size);
    const piece = new Uint8Array(await blobBytes(blob, at, end));
    if (piece.length < end - at) throw tooShort(at + piece.length, size);
    yield piece;
  }
}

/**
 * The first `size` bytes of a `Bun.file()`, which may grow meanwhile. By its stream, which opens the
 * file once, and not for each piece.
 */
async function* fromDisk(blob: Blob, size: number): AsyncGenerator<Uint8Array, void, void> {
  let left = size;
  if (left === 0) return;
  for await (const chunk of streamed(blob)) {
    yield chunk.length > left ? chunk.subarray(0, left) : chunk;
    if (chunk.length >= left) return;
    left -= chunk.length;
  }
  throw tooShort(size - left, size);
}

const tooShort = (length: number, size: number) =>
  typeError(`The Blob has only ${length} bytes, ${size} were promised`);

async function* streamed(blob: Blob): AsyncGenerator<Uint8Array, void, void> {
  const reader = blobStream(blob).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** Bytes, or the content of a Blob. */
export type BodyPart = Uint8Array<ArrayBuffer> | BlobContent;

/** Whether a part is bytes. */
export const isBytes = (part: BodyPart): part is Uint8Array<ArrayBuffer> =>
  isInstance(part, Uint8Array);

/** The chunks of parts, one after another. Small ones in memory become one chunk. */
export async function* chunksOf(
  parts: readonly BodyPart[],
): AsyncGenerator<Uint8Array, void, void> {
  const batch = new Batch();
  for (const part of parts) {
    if (batch.add(part)) continue;
    yield* batch.take();
    if (batch.add(part)) continue;
    if (isBytes(part)) yield part;
    else yield* part.chunks();
  }
  yield* batch.take();
}

/** Collects parts that are read by one call: a call for each is most of the cost of small ones. */
class Batch {
  #parts: (Uint8Array<ArrayBuffer> | Blob)[] = [];
  #size = 0;

  /** Adds a part if it fits and is in memory. */
  add(part: BodyPart): boolean {
    const inMemory = isBytes(part) ? part : part.inMemory;
    const size = this.#size + ((isBytes(part) ? part.length : part.size) ?? Infinity);
    if (!inMemory || size > BATCH) return false;
    this.#parts.push(inMemory);
    this.#size = size;
    return true;
  }

  /** Removes all parts, as one chunk. */
  async *take(): AsyncGenerator<Uint8Array, void, void> {
    const parts = this.#parts, size = this.#size;
    if (size === 0) return;
    this.#parts = [];
    this.#size = 0;
    const chunk = new Uint8Array(await blobBytes(new Blob(parts)));
    if (chunk.length < size) throw tooShort(chunk.length, size);
    yield chunk;
  }
}

/** A reader of a generator's chunks, which is ended when the reader is cancelled. */
export function chunkReader(chunks: AsyncGenerator<Uint8Array, void, void>): BodyReader {
  return {
    async read() {
      const { done = false, value } = await chunks.next();
      return { done, value: value ?? undefined };
    },
    cancel: async () => void await chunks.return(),
  };
}
