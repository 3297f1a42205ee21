/**
 * `BodyFeeder`: gives the bytes of a stream to READFUNCTION, with backpressure.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { flags } from "../../../ffi/curl/flags.ts";
import { Fifo } from "../../fifo.ts";
import { bytesOf, isByteArray } from "../../handles/base/views.ts";
import type { BodyReader, ReadResult } from "./peek.ts";
import { type Feeder, SendingPause } from "./sending.ts";
import type { BodySource } from "./source.ts";
import { typeError } from "../errors.ts";

const { CURL_SEEKFUNC_CANTSEEK, CURL_SEEKFUNC_FAIL, CURL_SEEKFUNC_OK } = flags;

/** UPLOAD_BUFFERSIZE: the size of libcurl's reads, and so how much is pulled ahead. */
export const UPLOAD_BUFFER: number = 256 * 1024;

/**
 * How many chunks are pulled ahead. A stream of single bytes that are all there would otherwise give
 * 262,144 of them, one microtask after the other, before any other task runs.
 */
const MOST_CHUNKS = 1024;

/** The message for a stream that its owner has ended by `controller.error()`. */
const WITHOUT_REASON = "The body stream has failed, and gave no reason";

/** The number of consecutive empty chunks after which the event loop runs other tasks. */
const EMPTY_CHUNKS = 64;

/** Pulls from the stream of a body, from the first call of READFUNCTION on. */
export class BodyFeeder implements Feeder {
  readonly #source: BodySource;
  readonly #length: number | null;
  readonly #pause: SendingPause;
  readonly #fail: (error: unknown) => void;
  readonly #yieldTurn: () => void;
  readonly #mustWait: () => boolean;
  #reader: BodyReader | null = null;
  /**
   * Chunks that were pulled and not sent yet; the first `#offset` bytes of the first one were sent.
   */
  readonly #chunks = new Fifo<Uint8Array>();
  #offset = 0;
  #pulledAhead = 0;
  #pulled = 0;
  #pulling = false;
  /** How many chunks in a row were empty. */
  #empty = 0;
  #done = false;

  /**
   * `length` is the announced length, `null` for none. `resume` unpauses the transfer, `fail` ends
   * it with an error. `yieldTurn` is called when the stream needs the event loop to produce more,
   * which is cheaper than a pause. `mustWait` returns whether nothing may be sent in the call of
   * libcurl in progress.
   */
  constructor(
    source: BodySource,
    length: number | null,
    resume: () => void,
    fail: (error: unknown) => void,
    yieldTurn: () => void = () => {},
    mustWait: () => boolean = () => false,
  ) {
    this.#source = source;
    this.#length = length;
    this.#pause = new SendingPause(resume);
    this.#fail = fail;
    this.#yieldTurn = yieldTurn;
    this.#mustWait = mustWait;
  }

  get done(): boolean {
    return this.#done;
  }

  get paused(): boolean {
    return this.#pause.isOn;
  }

  readonly readFunction = (buffer: Uint8Array): number => this.read(buffer);

  /** READFUNCTION. */
  read(buffer: Uint8Array): number {
    if (this.#mustWait()) {
      const result = this.#pause.begin();
      this.#pause.endSoon();
      return result;
    }
    const filled = this.#fill(buffer);
    if (!this.#done) this.#pull();
    if (this.#pulling && this.#pulledAhead === 0) this.#yieldTurn();
    return filled > 0 || this.#done ? filled : this.#pause.begin();
  }

  #fill(buffer: Uint8Array): number {
    const chunks = this.#chunks;
    let filled = 0;
    while (filled < buffer.length) {
      const chunk = chunks.first, offset = this.#offset;
      if (!chunk) break;
      if (chunk.length === 0) throw typeError("A chunk of the body stream was detached");
      const piece = chunk.subarray(offset, offset + buffer.length - filled);
      buffer.set(piece, filled);
      filled += piece.length;
      this.#offset += piece.length;
      if (this.#offset < chunk.length) break;
      chunks.shift();
      this.#reader?.recycle?.(chunk);
      this.#offset = 0;
    }
    this.#pulledAhead -= filled;
    return filled;
  }

  /** SEEKFUNCTION: libcurl sends the body again, for an authentication. */
  seek(offset: number, origin: number): number {
    if (origin !== 0 || offset !== 0) return CURL_SEEKFUNC_CANTSEEK;
    if (!this.#reader && !this.#done) return CURL_SEEKFUNC_OK;
    if (!this.#source.replayable) return CURL_SEEKFUNC_FAIL;
    this.cancel(undefined);
    this.#done = false;
    this.#pulled = 0;
    return CURL_SEEKFUNC_OK;
  }

  /** Whether enough was pulled until libcurl reads again. */
  get #isAhead(): boolean {
    return this.#pulledAhead >= UPLOAD_BUFFER || this.#chunks.length >= MOST_CHUNKS;
  }

  #pull(): void {
    if (this.#pulling || this.#isAhead) return;
    this.#pulling = true;
    let reader: BodyReader;
    try {
      reader = this.#reader ??= this.#source.open();
    } catch (error) {
      return this.#fail(error); // the stream has been locked meanwhile
    }
    const current = () => reader === this.#reader; // false if the body was started again
    reader.read().then(
      (result) => current() && this.#take(result),
      (error) => current() && this.#fail(error === undefined ? typeError(WITHOUT_REASON) : error),
    );
  }

  #take({ done, value }: ReadResult): void {
    this.#pulling = false;
    // a view of our own: getters of the user's view may return another length, or run code
    const chunk = !done && isByteArray(value) ? bytesOf(value) : null;
    if (!done && chunk === null) {
      return this.#fail(typeError("The body stream gave a chunk that is not a Uint8Array"));
    }
    if (chunk?.length === 0) return this.#passOver();
    this.#empty = 0;
    this.#pulled += chunk?.length ?? 0;
    const length = this.#length;
    if (length !== null && (this.#pulled > length || (done && this.#pulled < length))) {
      const how = done ? "only" : "at least";
      return this.#fail(
        typeError(`The body has ${how} ${this.#pulled} bytes, ${length} were promised`),
      );
    }
    if (done) this.#done = true;
    else {
      this.#chunks.push(chunk as Uint8Array);
      this.#pulledAhead += chunk?.length ?? 0;
      this.#pull();
    }
    this.#pause.endSoon();
  }

  /**
   * Continues after an empty chunk. A stream of only empty chunks must not block the event loop.
   */
  #passOver(): void {
    if (++this.#empty % EMPTY_CHUNKS !== 0) return this.#pull();
    this.#pulling = true;
    const reader = this.#reader;
    setImmediate(() => {
      if (reader !== this.#reader) return; // the body was started again
      this.#pulling = false;
      this.#pull();
    });
  }

  /** Ends the body: cancels the stream and drops what was pulled. */
  cancel(reason: unknown): void {
    const reader = this.#reader;
    this.#reader = null;
    this.#chunks.clear();
    this.#offset = this.#pulledAhead = 0;
    this.#pulling = false;
    this.#pause.clear();
    this.#done = true;
    if (reader) reader.cancel(reason).catch(() => {}); // nothing waits for the stream any more
    else this.#source.cancel(reason);
  }
}
