/**
 * The content of a Blob whose failures name the file. Every body that has Blobs reads them by this.
 *
 * @module
 */

import { propertyOf } from "../../untrusted.ts";
import { fileError } from "../errors.ts";
import { type BlobContent, blobContent } from "./blob_chunks.ts";

/**
 * Examines a Blob before it is sent. Throws `TypeError` for a `Bun.file()` that cannot be read, and
 * so do its chunks: the system's error, which is the cause, has no path.
 */
export async function namedContent(blob: Blob): Promise<BlobContent> {
  try {
    const content = await blobContent(blob);
    return { ...content, chunks: () => named(blob, content.chunks()) };
  } catch (cause) {
    throw blobError(blob, cause);
  }
}

async function* named(
  blob: Blob,
  chunks: AsyncGenerator<Uint8Array, void, void>,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* chunks;
  } catch (cause) {
    throw blobError(blob, cause);
  }
}

function blobError(blob: Blob, cause: unknown): TypeError {
  const name = propertyOf(blob, "name");
  return fileError("read", typeof name === "string" && name !== "" ? name : "the Blob", cause);
}
