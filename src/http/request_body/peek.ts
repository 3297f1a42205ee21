/**
 * `peek`: reads a stream whose data is available at once, such as the body of a `Request`.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { Fifo } from "../../fifo.ts";
import { isByteArray } from "../../handles/base/views.ts";
import { dictionary } from "../../members.ts";
import { copyOf } from "../bytes.ts";
import { readerOf } from "./platform.ts";

/** A stream with more bytes or chunks than this (a chunk may be empty) stays a stream. */
const MAX_BYTES = 4 * 1024 * 1024, MAX_CHUNKS = 10_000;

type Bytes = Uint8Array<ArrayBuffer>;
/** The result of a read. */
export interface ReadResult {
  readonly done: boolean;
  readonly value?: Uint8Array | undefined;
}

/** Reads a body: the reader of a stream, or an object with the same methods. */
export interface BodyReader {
  /** The next chunk. */
  read(): Promise<ReadResult>;
  /** Takes back a chunk whose bytes are not needed any more. */
  recycle?(chunk: Uint8Array): void;
  /** Ends the reading. */
  cancel(reason: unknown): Promise<void>;
}

type Reading = Promise<ReadResult>;

/** The whole content if it is available without waiting, else a stream of the same content. */
export async function peek(
  stream: ReadableStream<Uint8Array>,
): Promise<Bytes | ReadableStream<Uint8Array>> {
  const reader = readerOf(stream), begin: Bytes[] = [];
  let size = 0;
  for (;;) {
    const reading = reader.read(), found = await atOnce(reading);
    // a single chunk may exceed the limit and still be the whole content
    const isMuch = size > MAX_BYTES || begin.length > MAX_CHUNKS;
    if (!found || (isMuch && !found.done)) return joined(begin, reading, reader);
    if (found.done) return await inOne(begin);
    // a copy: the source may use the buffer of the chunk for the next one
    const chunk = isByteArray(found.value) ? copyOf(found.value, "Cannot read the body") : null;
    if (!chunk) return joined(begin, reading, reader);
    begin.push(chunk);
    size += chunk.length;
  }
}

async function inOne(chunks: readonly Bytes[]): Promise<Bytes> {
  const [first] = chunks;
  if (first && chunks.length === 1) return first;
  return new Uint8Array(await new Blob([...chunks]).arrayBuffer());
}

/**
 * The result of a read that completes before the next macrotask; `null` if it does not, or fails.
 */
async function atOnce(reading: Reading): Promise<ReadResult | null> {
  const later = new Promise<null>((resolve) => setImmediate(() => resolve(null)));
  return await Promise.race([reading.catch(() => null), later]);
}

/** A stream of the chunks read so far, the pending read, and the rest. */
function joined(
  begin: Uint8Array[],
  reading: Reading,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  const before = new Fifo(begin);
  let next: Reading | null = reading;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const first = before.shift();
    if (first) return controller.enqueue(first);
    const { done, value } = await (next ?? reader.read());
    next = null;
    if (done) controller.close();
    else controller.enqueue(value as Uint8Array);
  };
  const source = dictionary({ pull, cancel: (reason: unknown) => reader.cancel(reason) });
  return new ReadableStream(source, dictionary({ highWaterMark: 0 }));
}
