/**
 * A Node stream as the source of an upload: read in pieces of the size that libcurl asks for.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Readable } from "node:stream";

/** Who reads from a stream. */
export interface SourceReader {
  /** There may be more now, or the end. */
  ready(): void;
  /** The stream has failed, or was destroyed before its end. */
  failed(error: Error): void;
}

/** See the module. */
export class StreamSource {
  readonly stream: Readable;
  readonly #listeners: readonly (readonly [event: string, listener: (error: Error) => void])[];
  /** What was read and not given yet. */
  #left: Buffer | null = null;
  #ended = false;

  /** Begins to listen to a stream, until {@linkcode detach}. */
  constructor(stream: Readable, reader: SourceReader) {
    this.stream = stream;
    this.#ended = stream.readableEnded;
    let told = false;
    const fail = (error: Error) => {
      if (told) return;
      told = true;
      reader.failed(error);
    };
    const closed = () => {
      if (!this.#ended) fail(new Error("The upload's stream was destroyed before its end"));
    };
    this.#listeners = [
      ["readable", () => reader.ready()],
      ["end", () => {
        this.#ended = true;
        reader.ready();
      }],
      ["error", fail],
      ["close", closed],
    ];
    for (const [event, listener] of this.#listeners) stream.on(event, listener);
    if (stream.destroyed && !this.#ended) {
      if (stream.errored) fail(stream.errored);
      else closed();
    }
  }

  /** Up to so many bytes, `null` at the end, `undefined` where there are none yet. */
  read(most: number): Buffer | null | undefined {
    const chunk = this.#left ?? this.#next();
    if (chunk === null) return this.#ended ? null : undefined;
    this.#left = chunk.length > most ? chunk.subarray(most) : null;
    return chunk.length > most ? chunk.subarray(0, most) : chunk;
  }

  /** All that the stream has, or `null`; an empty piece would be the end for libcurl. */
  #next(): Buffer | null {
    for (;;) {
      const chunk: unknown = this.stream.read();
      if (chunk === null) return null;
      const bytes = toBuffer(chunk, this.stream.readableEncoding);
      if (bytes.length > 0) return bytes;
    }
  }

  /** Listens no longer. */
  detach(): void {
    for (const [event, listener] of this.#listeners) this.stream.off(event, listener);
  }
}

function toBuffer(chunk: unknown, encoding: BufferEncoding | null): Buffer {
  if (typeof chunk === "string") return Buffer.from(chunk, encoding ?? "utf8");
  if (Buffer.isBuffer(chunk)) return chunk;
  if (chunk instanceof Uint8Array) {
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
  throw new TypeError(`The upload's stream gave ${typeof chunk}, expected bytes or text`);
}
