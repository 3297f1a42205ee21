/**
 * The content of a Blob, a piece at a time.
 *
 * @module
 */

const PIECE = 256 * 1024;

/** Bun's file that is not there is an empty Blob, unless all of it is read. */
export async function checkBlob(blob: Blob): Promise<void> {
  if (blob.size > 0) return;
  try {
    await blob.arrayBuffer();
  } catch (cause) {
    throw new TypeError(`Cannot read the Blob: ${cause}`, { cause });
  }
}

/**
 * Reads a Blob while it is consumed. Its own `stream()` would do, but on Deno that gives all of
 * the Blob as one chunk.
 */
export async function* blobChunks(blob: Blob): AsyncGenerator<Uint8Array, void, void> {
  await checkBlob(blob);
  for (let at = 0; at < blob.size; at += PIECE) {
    yield new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer());
  }
}

/** A reader that pulls from a generator, and ends it where it is cancelled. */
export function chunkReader(
  chunks: AsyncGenerator<Uint8Array, void, void>,
): ReadableStreamDefaultReader<Uint8Array> {
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const { done, value } = await chunks.next();
    if (done) controller.close();
    else controller.enqueue(value);
  };
  const cancel = async () => void await chunks.return();
  return new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 }).getReader();
}
