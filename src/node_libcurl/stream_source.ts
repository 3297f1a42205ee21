/**
 * A Node stream as the source of an upload, read in pieces of the size that libcurl asks for.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import { isInstance } from "../untrusted.ts";

/** The reader of a stream. */
export interface SourceReader {
  /** The stream may have more bytes now, or has ended. */
  ready(): void;
  /** The stream has failed, or was destroyed before its end. */
  failed(error: Error): void;
}

/** Reads a Node stream synchronously, as libcurl's callbacks need it. */
export class StreamSource {
  readonly stream: Readable;
  readonly #listeners: readonly (readonly [event: string, listener: (error: Error) => void])[];
  /** Bytes that were read and not returned yet. */
  #left: Buffer | null = null;
  #ended = false;

  /** Listens to a stream until {@linkcode detach}. */
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

  /** Returns up to `most` bytes, `null` at the end, `undefined` where none are available yet. */
  read(most: number): Buffer | null | undefined {
    const chunk = this.#left ?? this.#next();
    if (chunk === null) return this.#ended ? null : undefined;
    this.#left = chunk.length > most ? chunk.subarray(most) : null;
    return chunk.length > most ? chunk.subarray(0, most) : chunk;
  }

  /**
   * Returns the bytes that the stream has buffered, or `null`. Skips empty chunks, which libcurl
   * would take for the end.
   */
  #next(): Buffer | null {
    for (;;) {
      const chunk: unknown = this.stream.read();
      if (chunk === null) return null;
      const bytes = toBuffer(chunk, this.stream.readableEncoding);
      if (bytes.length > 0) return bytes;
    }
  }

  /** Removes the listeners. */
  detach(): void {
    for (const [event, listener] of this.#listeners) this.stream.off(event, listener);
  }
}

function toBuffer(chunk: unknown, encoding: BufferEncoding | null): Buffer {
  if (typeof chunk === "string") return Buffer.from(chunk, encoding ?? "utf8");
  if (Buffer.isBuffer(chunk)) return chunk;
  if (isInstance(chunk, Uint8Array)) {
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
  throw new TypeError(`The upload's stream gave ${typeof chunk}, expected bytes or text`);
}
