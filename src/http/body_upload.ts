/**
 * The body of a request, pulled when libcurl wants data.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { flags } from "../../ffi/curl/flags.ts";
import type { Read } from "./body_peek.ts";
import type { BodySource } from "./body_source.ts";

const { CURL_READFUNC_PAUSE, CURL_SEEKFUNC_CANTSEEK, CURL_SEEKFUNC_FAIL, CURL_SEEKFUNC_OK } = flags;

/** Feeds READFUNCTION from a stream: nothing is pulled before libcurl asks. */
export class BodyUpload {
  readonly #source: BodySource;
  readonly #length: number | null;
  readonly #resume: () => void;
  readonly #fail: (error: unknown) => void;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #chunk: Uint8Array | null = null;
  #offset = 0;
  #pulled = 0;
  #pulling = false;
  #done = false;

  /**
   * `length` is how many bytes were promised; `resume` unpauses the transfer, `fail` ends it
   * with what the stream failed with.
   */
  constructor(
    source: BodySource,
    length: number | null,
    resume: () => void,
    fail: (error: unknown) => void,
  ) {
    this.#source = source;
    this.#length = length;
    this.#resume = resume;
    this.#fail = fail;
  }

  /** Whether the transfer waits for the stream. */
  get paused(): boolean {
    return this.#pulling;
  }

  /** The READFUNCTION. */
  read(buffer: Uint8Array): number {
    const chunk = this.#chunk;
    if (!chunk) {
      if (this.#done) return 0;
      this.#pull();
      return CURL_READFUNC_PAUSE;
    }
    const piece = chunk.subarray(this.#offset, this.#offset + buffer.length);
    buffer.set(piece);
    this.#offset += piece.length;
    if (this.#offset === chunk.length) this.#chunk = null;
    return piece.length;
  }

  /** The SEEKFUNCTION: libcurl starts over for an authentication. */
  seek(offset: number, origin: number): number {
    if (origin !== 0 || offset !== 0) return CURL_SEEKFUNC_CANTSEEK;
    if (!this.#reader && !this.#done) return CURL_SEEKFUNC_OK;
    if (!this.#source.replayable) return CURL_SEEKFUNC_FAIL;
    this.cancel(undefined);
    this.#done = false;
    this.#pulled = 0;
    return CURL_SEEKFUNC_OK;
  }

  #pull(): void {
    if (this.#pulling) return;
    this.#pulling = true;
    let reader: ReadableStreamDefaultReader<Uint8Array>;
    try {
      reader = this.#reader ??= this.#source.open();
    } catch (error) {
      return this.#fail(error); // somebody has locked the stream meanwhile
    }
    const current = () => reader === this.#reader; // or it was started over
    reader.read().then(
      (result) => current() && this.#take(result),
      (error) => current() && this.#fail(error),
    );
  }

  #take({ done, value }: Read): void {
    this.#pulling = false;
    if (!done && !(value instanceof Uint8Array)) {
      return this.#fail(new TypeError("The body stream gave a chunk that is no Uint8Array"));
    }
    if (value?.length === 0) return this.#pull();
    this.#pulled += value?.length ?? 0;
    const length = this.#length;
    if (length !== null && (this.#pulled > length || (done && this.#pulled < length))) {
      const how = done ? "only" : "at least";
      return this.#fail(
        new TypeError(`The body has ${how} ${this.#pulled} bytes, ${length} were promised`),
      );
    }
    if (done) this.#done = true;
    else [this.#chunk, this.#offset] = [value as Uint8Array, 0];
    setImmediate(this.#resume);
  }

  /** Nobody wants the rest. */
  cancel(reason: unknown): void {
    const reader = this.#reader;
    this.#reader = this.#chunk = null;
    this.#pulling = false;
    this.#done = true;
    if (reader) reader.cancel(reason).catch(() => {}); // its own failure concerns nobody any more
    else this.#source.cancel(reason);
  }
}
