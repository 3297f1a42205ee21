/**
 * What a request sends: bytes that are there, or a stream that is pulled.
 *
 * @module
 */

import type { FetchBody } from "./request.ts";

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
}

function fromBytes(bytes: Uint8Array<ArrayBuffer>, type: string | null): BodySource {
  const open = () => new Response(bytes).body!.getReader();
  return { type, bytes, length: bytes.length, replayable: true, open };
}

function fromBlob(blob: Blob, type: string | null): BodySource {
  const open = () => blob.stream().getReader();
  return { type, bytes: null, length: blob.size, replayable: true, open };
}

function fromStream(stream: ReadableStream<Uint8Array>): BodySource {
  if (stream.locked) throw new TypeError("Cannot send the body: the stream is locked");
  let opened = false;
  const open = () => {
    if (opened) throw new TypeError("Cannot send the body again: it was a stream");
    opened = true;
    return stream.getReader();
  };
  return { type: null, bytes: null, length: null, replayable: false, open };
}

const encoder = new TextEncoder();

async function* encoded(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    yield typeof chunk === "string" ? encoder.encode(chunk) : chunk;
  }
}

function fromIterable(source: AsyncIterable<Uint8Array | string>): BodySource {
  const chunks = encoded(source);
  return fromStream(
    new ReadableStream({
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel(reason) {
        await chunks.return(reason);
      },
    }, { highWaterMark: 0 }),
  );
}

/** The source of a body of any kind. */
export async function bodySource(body: FetchBody): Promise<BodySource> {
  return syncBodySource(body) ?? await streamSource(body);
}

/** The source of a body that is there at once, `null` for one that is to be awaited. */
export function syncBodySource(body: FetchBody): BodySource | null {
  if (typeof body === "string") return fromBytes(encoder.encode(body), "text/plain;charset=UTF-8");
  if (body instanceof URLSearchParams) {
    const type = "application/x-www-form-urlencoded;charset=UTF-8";
    return fromBytes(encoder.encode(String(body)), type);
  }
  // a copy: the caller may change it while it is sent
  if (body instanceof ArrayBuffer) return fromBytes(new Uint8Array(body.slice(0)), null);
  if (ArrayBuffer.isView(body)) {
    const { buffer, byteOffset, byteLength } = body;
    return fromBytes(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength).slice(), null);
  }
  return null;
}

async function streamSource(body: FetchBody): Promise<BodySource> {
  if (body instanceof Blob) return fromBlob(body, body.type || null);
  if (body instanceof FormData) {
    // the runtime writes multipart/form-data; its type names the boundary
    const response = new Response(body), type = response.headers.get("content-type");
    return fromBlob(await response.blob(), type);
  }
  if (body instanceof ReadableStream) return fromStream(body);
  if (typeof body === "object" && body !== null && Symbol.asyncIterator in body) {
    return fromIterable(body);
  }
  return syncBodySource(String(body)) as BodySource;
}
