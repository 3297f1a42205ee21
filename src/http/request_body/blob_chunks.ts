/**
 * Blobs as chunks, each read when it is needed.
 *
 * @module
 */

import { dictionary } from "../../members.ts";
import { textOf } from "../../untrusted.ts";
import { blobBytes, blobSize } from "./platform.ts";

const PIECE = 256 * 1024;

/** Throws `TypeError` for a `Bun.file()` that does not exist: it looks like an empty Blob. */
export async function checkBlob(blob: Blob): Promise<void> {
  if (blobSize(blob) > 0) return;
  try {
    await blobBytes(blob);
  } catch (cause) {
    throw new TypeError(`Cannot read the Blob: ${textOf(cause)}`, { cause });
  }
}

/**
 * The chunks of a Blob. Its own `stream()` is not used, because on Deno it gives the whole Blob as
 * one chunk.
 */
export async function* blobChunks(blob: Blob): AsyncGenerator<Uint8Array, void, void> {
  await checkBlob(blob);
  for (let at = 0, size = blobSize(blob); at < size; at += PIECE) {
    yield new Uint8Array(await blobBytes(blob, at, Math.min(at + PIECE, size)));
  }
}

/** A stream reader for a generator, which is ended when the reader is cancelled. */
export function chunkReader(
  chunks: AsyncGenerator<Uint8Array, void, void>,
): ReadableStreamDefaultReader<Uint8Array> {
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const { done, value } = await chunks.next();
    if (done) controller.close();
    else controller.enqueue(value);
  };
  const cancel = async () => void await chunks.return();
  const source = dictionary({ pull, cancel }), strategy = dictionary({ highWaterMark: 0 });
  return new ReadableStream<Uint8Array>(source, strategy).getReader();
}
