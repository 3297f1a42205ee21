/**
 * What a request sends: bytes that are there, or a stream that is pulled.
 *
 * @module
 */

import { copyOf } from "../bytes.ts";
import { blobChunks, checkBlob, chunkReader } from "./blob_chunks.ts";
import { peek } from "./peek.ts";
import { serializeForm } from "./form_data.ts";

/** What a request may have as its body. */
export type FetchBody =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | FormData
  | URLSearchParams
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>;

/** The body of a request. */
export interface BodySource {
  /** Its media type, where the kind of body implies one. */
  readonly type: string | null;
  /** Its length in bytes, `null` where unknown. */
  readonly length: number | null;
  /** The bytes, where they are all there. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** Whether {@linkcode open} can be called again, for a redirect or an authentication. */
  readonly replayable: boolean;
  /** Starts from the beginning. */
  open(): ReadableStreamDefaultReader<Uint8Array>;
  /** Nobody will read it. */
  cancel(reason: unknown): void;
}

const nothing = () => {};

function fromBytes(bytes: Uint8Array<ArrayBuffer>, type: string | null): BodySource {
  const open = () => new Blob([bytes]).stream().getReader();
  return { type, bytes, length: bytes.length, replayable: true, open, cancel: nothing };
}

function fromBlob(blob: Blob, type: string | null): BodySource {
  const open = () => chunkReader(blobChunks(blob));
  return { type, bytes: null, length: blob.size, replayable: true, open, cancel: nothing };
}

/** Blobs are read while they are sent, and again from the beginning where that is asked for. */
function formSource(form: FormData): BodySource {
  const { type, length, chunks } = serializeForm(form);
  const open = () => chunkReader(chunks());
  return { type, bytes: null, length, replayable: true, open, cancel: nothing };
}

function fromStream(stream: ReadableStream<Uint8Array>): BodySource {
  if (stream.locked) throw new TypeError("Cannot send the body: the stream is locked");
  const open = () => stream.getReader();
  // where it is locked its reader cancels it
  const cancel = (reason: unknown) => void stream.cancel(reason).catch(nothing);
  return { type: null, bytes: null, length: null, replayable: false, open, cancel };
}

const encoder = new TextEncoder();

function fromIterable(source: AsyncIterable<Uint8Array | string>): BodySource {
  const chunks = source[Symbol.asyncIterator]();
  return fromStream(
    new ReadableStream({
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(typeof value === "string" ? encoder.encode(value) : value);
      },
      async cancel(reason) {
        await chunks.return?.(reason);
      },
    }, { highWaterMark: 0 }),
  );
}

/** The source of a body of any kind. Throws `TypeError` for a file of Bun's that is not there. */
export async function bodySource(body: FetchBody): Promise<BodySource> {
  if (body instanceof Blob) await checkBlob(body);
  return syncBodySource(body) ?? asyncBodySource(body) ??
    syncBodySource(String(body)) as BodySource;
}

/**
 * The source of a Request's body. A Request does not tell what its body was made of: what is
 * there at once is taken as bytes, which have a length and can be sent again.
 */
export async function requestSource(stream: ReadableStream<Uint8Array>): Promise<BodySource> {
  const found = await peek(stream);
  return found instanceof ReadableStream ? fromStream(found) : fromBytes(found, null);
}

/** The source of a body that is there at once, `null` for one that is to be awaited. */
export function syncBodySource(body: FetchBody): BodySource | null {
  if (typeof body === "string") return fromBytes(encoder.encode(body), "text/plain;charset=UTF-8");
  if (body instanceof URLSearchParams) {
    const type = "application/x-www-form-urlencoded;charset=UTF-8";
    return fromBytes(encoder.encode(String(body)), type);
  }
  const bytes = copyOf(body); // the caller may change them while they are sent
  return bytes && fromBytes(bytes, null);
}

/** The source of a body whose bytes come later, `null` for any other kind of object. */
export function asyncBodySource(body: FetchBody): BodySource | null {
  if (body instanceof Blob) return fromBlob(body, body.type || null);
  if (body instanceof FormData) return formSource(body);
  if (body instanceof ReadableStream) return fromStream(body);
  if (typeof body === "object" && body !== null && Symbol.asyncIterator in body) {
    return fromIterable(body);
  }
  return null;
}
