/**
 * Streams as parts of a MIME tree.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { Easy } from "../handles/easy/easy.ts";
import type { MimeReader } from "../handles/mime/reader.ts";
import { resumeSending } from "../handles/easy/pausing.ts";
import { asyncBodySource, type BodySource } from "./request_body/source.ts";
import { BodyFeeder } from "./request_body/feeder.ts";

/** What can be sent as it comes. */
export type MimeSource = Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>;

/** What {@linkcode mimeStream} takes. */
export interface MimeStreamOptions {
  /** How many bytes will come, where that is known; of a Blob it always is. */
  readonly size?: number;
}

/**
 * Makes a part's reader of a stream, an async iterable or a Blob. The transfer is paused until the
 * next chunk is there, which only an `Agent` lets happen: a blocking `perform` would wait for
 * ever. A Blob can be sent again, for a redirect or an authentication, a stream cannot.
 *
 * @throws {TypeError} where the source is none, or locked.
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
  if (!body) throw new TypeError("Cannot read the part: expected a stream or a Blob");
  return new StreamReader(body, body.length ?? options.size);
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
      resumeSending(easy);
    } catch (error) {
      this.#failure ??= { error }; // the transfer is over, or ends with its own error
    }
  }

  /** The next read is to throw it. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    setImmediate(() => this.#resume()); // it may have failed inside that read
  }
}
