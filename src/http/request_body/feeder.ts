/**
 * The body of a request, pulled when libcurl wants data.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { flags } from "../../../ffi/curl/flags.ts";
import type { ReadResult } from "./peek.ts";
import type { BodySource } from "./source.ts";

const { CURL_READFUNC_PAUSE, CURL_SEEKFUNC_CANTSEEK, CURL_SEEKFUNC_FAIL, CURL_SEEKFUNC_OK } = flags;

/** UPLOAD_BUFFERSIZE: what libcurl asks for at a time, and so how much is pulled ahead. */
export const UPLOAD_BUFFER: number = 256 * 1024;

/** Feeds READFUNCTION from a stream: nothing is pulled before libcurl asks for the first time. */
export class BodyFeeder {
  readonly #source: BodySource;
  readonly #length: number | null;
  readonly #resume: () => void;
  readonly #fail: (error: unknown) => void;
  readonly #yieldTurn: () => void;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  /** What was pulled and not sent, from the offset in the first one on. */
  #chunks: Uint8Array[] = [];
  #offset = 0;
  #pulledAhead = 0;
  #pulled = 0;
  #pulling = false;
  #done = false;
  /** Whether libcurl was told to wait. */
  #paused = false;
  #resuming = false;

  /**
   * `length` is how many bytes were promised; `resume` unpauses the transfer, `fail` ends it
   * with what the stream failed with; `yieldTurn` lets the stream have its say before libcurl asks
   * again.
   */
  constructor(
    source: BodySource,
    length: number | null,
    resume: () => void,
    fail: (error: unknown) => void,
    yieldTurn: () => void = () => {},
  ) {
    this.#source = source;
    this.#length = length;
    this.#resume = resume;
    this.#fail = fail;
    this.#yieldTurn = yieldTurn;
  }

  /** Whether the transfer waits for the stream. */
  get paused(): boolean {
    return this.#paused;
  }

  /** The READFUNCTION. */
  read(buffer: Uint8Array): number {
    const filled = this.#fill(buffer);
    if (!this.#done) this.#pull();
    if (this.#pulling && this.#pulledAhead === 0) this.#yieldTurn();
    if (filled > 0 || this.#done) return filled;
    this.#paused = true;
    return CURL_READFUNC_PAUSE;
  }

  #fill(buffer: Uint8Array): number {
    const chunks = this.#chunks;
    let filled = 0;
    while (filled < buffer.length) {
      const chunk = chunks[0], offset = this.#offset;
      if (!chunk) break;
      if (chunk.length === 0) throw new TypeError("A chunk of the body stream was detached");
      const piece = chunk.subarray(offset, offset + buffer.length - filled);
      buffer.set(piece, filled);
      filled += piece.length;
      this.#offset += piece.length;
      if (this.#offset < chunk.length) break;
      chunks.shift();
      this.#offset = 0;
    }
    this.#pulledAhead -= filled;
    return filled;
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
    if (this.#pulling || this.#pulledAhead >= UPLOAD_BUFFER) return;
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

  #take({ done, value }: ReadResult): void {
    this.#pulling = false;
    // a proxy of one is none: its length throws
    if (!done && !(ArrayBuffer.isView(value) && value instanceof Uint8Array)) {
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
    else {
      this.#chunks.push(value as Uint8Array);
      this.#pulledAhead += value?.length ?? 0;
      this.#pull();
    }
    if (this.#paused) this.#scheduleResume();
  }

  /** What the stream has at once comes along. */
  #scheduleResume(): void {
    if (this.#resuming) return;
    this.#resuming = true;
    setImmediate(() => {
      this.#resuming = false;
      if (!this.#paused) return;
      this.#paused = false;
      this.#resume();
    });
  }

  /** Nobody wants the rest. */
  cancel(reason: unknown): void {
    const reader = this.#reader;
    this.#reader = null;
    this.#chunks = [];
    this.#offset = this.#pulledAhead = 0;
    this.#pulling = this.#paused = false;
    this.#done = true;
    if (reader) reader.cancel(reason).catch(() => {}); // its own failure concerns nobody any more
    else this.#source.cancel(reason);
  }
}
