/**
 * The body of a request, pulled when libcurl wants data.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { flags } from "../../ffi/curl/flags.ts";
import type { BodySource } from "./body_source.ts";

const { CURL_READFUNC_PAUSE, CURL_SEEKFUNC_CANTSEEK, CURL_SEEKFUNC_FAIL, CURL_SEEKFUNC_OK } = flags;

/** Feeds READFUNCTION from a stream: nothing is pulled before libcurl asks. */
export class BodyUpload {
  readonly #source: BodySource;
  readonly #resume: () => void;
  readonly #fail: (error: unknown) => void;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #chunk: Uint8Array | null = null;
  #offset = 0;
  #pulling = false;
  #done = false;
  /** How many bytes libcurl has taken. */
  sent = 0;

  /** `resume` unpauses the transfer, `fail` ends it with what the stream failed with. */
  constructor(source: BodySource, resume: () => void, fail: (error: unknown) => void) {
    this.#source = source;
    this.#resume = resume;
    this.#fail = fail;
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
    this.sent += piece.length;
    if (this.#offset === chunk.length) this.#chunk = null;
    return piece.length;
  }

  /** The SEEKFUNCTION: libcurl starts over for an authentication. */
  seek(offset: number, origin: number): number {
    if (origin !== 0 || offset !== 0) return CURL_SEEKFUNC_CANTSEEK;
    if (this.sent === 0 && !this.#chunk && !this.#pulling) return CURL_SEEKFUNC_OK;
    if (!this.#source.replayable) return CURL_SEEKFUNC_FAIL;
    this.cancel(undefined);
    this.#done = false;
    this.sent = 0;
    return CURL_SEEKFUNC_OK;
  }

  #pull(): void {
    if (this.#pulling) return;
    this.#pulling = true;
    const reader = this.#reader ??= this.#source.open();
    reader.read().then(
      ({ done, value }) => {
        if (reader !== this.#reader) return; // it was started over
        this.#pulling = false;
        if (done) this.#done = true;
        else if (!(value instanceof Uint8Array)) {
          this.#fail(new TypeError("The body stream gave a chunk that is no Uint8Array"));
        } else if (value.length === 0) return this.#pull();
        else [this.#chunk, this.#offset] = [value, 0];
        setImmediate(this.#resume);
      },
      (error) => {
        if (reader === this.#reader) this.#fail(error);
      },
    );
  }

  /** Nobody wants the rest. */
  cancel(reason: unknown): void {
    const reader = this.#reader;
    this.#reader = this.#chunk = null;
    this.#pulling = false;
    this.#done = true;
    reader?.cancel(reason).catch(() => {}); // its own failure concerns nobody any more
  }
}
