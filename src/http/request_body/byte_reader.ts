/**
 * Reads the streams of Deno's files, of its standard input and of the responses of its own `fetch`
 * into large buffers that are used again: each read of such a stream is a call into Deno, of 64 KiB
 * unless the reader brings a larger buffer.
 *
 * Not other byte streams: they copy into the reader's buffer what their source has enqueued, and
 * many sources never end the pending read when they close.
 *
 * @module
 */

import type { BodyReader, ReadResult } from "./peek.ts";
import { byobReaderOf } from "./platform.ts";

const SIZE = 256 * 1024;
/** The number of buffers that are kept: one is read into, while the other one is sent. */
const MAX_SPARE = 2;

/** The key of the resource behind a stream of Deno; `undefined` where the runtime has none. */
let backing: symbol | null | undefined = null;

/** Whether a stream reads from a resource of Deno: undocumented, but covered by a contract test. */
export function isBacked(stream: ReadableStream): boolean {
  backing ??= Object.getOwnPropertySymbols(new ReadableStream())
    .find(({ description }) => description === "[[resourceBacking]]");
  return backing !== undefined && !!(stream as unknown as Record<symbol, unknown>)[backing];
}

/** A reader of a stream for which {@linkcode isBacked} holds. Throws where it is locked. */
export class ByteReader implements BodyReader {
  readonly #reader: ReadableStreamBYOBReader;
  readonly #spare: ArrayBuffer[] = [];

  constructor(stream: ReadableStream) {
    this.#reader = byobReaderOf(stream);
  }

  read(): Promise<ReadResult> {
    const buffer = this.#spare.pop() ?? new ArrayBuffer(SIZE);
    return this.#reader.read(new Uint8Array(buffer));
  }

  recycle({ buffer }: Uint8Array): void {
    if (this.#spare.length < MAX_SPARE) this.#spare.push(buffer as ArrayBuffer);
  }

  cancel(reason: unknown): Promise<void> {
    return this.#reader.cancel(reason);
  }
}
