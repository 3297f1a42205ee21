/**
 * `mimeStream`: streams as parts of a MIME tree.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { type Easy, stateOf } from "../handles/easy/easy.ts";
import type { MimeReader } from "../handles/mime/reader.ts";
import { member } from "../members.ts";
import { resumeSending } from "../handles/easy/pausing.ts";
import { asyncBodySource, type BodySource } from "./request_body/source.ts";
import { BodyFeeder } from "./request_body/feeder.ts";
import { typeError } from "./errors.ts";

/** What {@linkcode mimeStream} can send: data that may arrive while the transfer runs. */
export type MimeSource = Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>;

/** Options of {@linkcode mimeStream}. */
export interface MimeStreamOptions {
  /** The number of bytes, if known; for a Blob it is not needed. */
  readonly size?: number;
}

/**
 * Makes the reader of a MIME part from a stream, an async iterable or a Blob. The transfer pauses
 * until the next chunk is there, so it needs an `Agent`: a blocking `perform` would wait forever.
 * A Blob can be sent again, for a redirect or an authentication; a stream cannot.
 *
 * @throws {TypeError} if the source is none of these, or locked.
 *
 * @example
 * ```ts
 * import { Agent, Easy, Mime, mimeStream } from "curlew";
 *
 * async function* lines() {
 *   for (let i = 0; i < 3; i++) yield `line ${i}\n`;
 * }
 * await using agent = new Agent();
 * using mime = new Mime().addPart({ name: "log", reader: mimeStream(lines()) });
 * using easy = new Easy();
 * easy.setOpts({ URL: "https://example.com/upload", MIMEPOST: mime });
 * await agent.perform(easy);
 * ```
 */
export function mimeStream(source: MimeSource, options: MimeStreamOptions = {}): MimeReader {
  const body = asyncBodySource(source);
  if (!body) throw typeError("Cannot read the part: expected a stream or a Blob");
  return new StreamReader(body, body.length ?? member(options ?? {}, "size"));
}

class StreamReader implements MimeReader {
  readonly size?: number;
  readonly #feeder: BodyFeeder;
  #easy: Easy | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(body: BodySource, size: number | undefined) {
    if (size !== undefined) this.size = size;
    const fail = (error: unknown) => this.#fail(error);
    this.#feeder = new BodyFeeder(body, size ?? null, () => this.#resume(), fail);
  }

  read(buffer: Uint8Array, easy: Easy): number {
    if (this.#failure) throw this.#failure.error;
    this.#easy = easy;
    return this.#feeder.read(buffer);
  }

  seek(offset: number, origin: number): number {
    return this.#feeder.seek(offset, origin);
  }

  free(): void {
    this.#easy = null;
    this.#feeder.cancel(undefined);
  }

  #resume(): void {
    const easy = this.#easy;
    this.#easy = null;
    if (!easy) return;
    try {
      resumeSending(stateOf(easy));
    } catch (error) {
      this.#failure ??= { error }; // the transfer is over, or fails with its own error
    }
  }

  /** Makes the next read throw the error. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    setImmediate(() => this.#resume()); // the stream may have failed inside a read
  }
}
