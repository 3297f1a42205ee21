/**
 * `BodyFeeder`: gives the bytes of a stream to READFUNCTION, with backpressure.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { flags } from "../../../ffi/curl/flags.ts";
import { copyOut } from "../../../ffi/memory.ts";
import { onFill } from "../../handles/base/input_file.ts";
import { bytesOf, isByteArray } from "../../handles/base/views.ts";
import { Ahead } from "./ahead.ts";
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
  readonly #ahead = new Ahead();
  /** How many chunks were pulled since libcurl has read. */
  #chunksAhead = 0;
  /** The rest of a chunk that is larger than what is pulled ahead. */
  #rest: Uint8Array | null = null;
  #given = 0;
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

  get bytesRead(): number {
    return this.#given;
  }

  readonly readFunction: (buffer: Uint8Array) => number = onFill((target, room) => {
    const piece = this.#next(room);
    if (piece) copyOut(target, piece);
    return piece?.length ?? flags.CURL_READFUNC_PAUSE;
  });

  /** READFUNCTION for a reader of a MIME part, whose result is not written to libcurl's memory. */
  read(buffer: Uint8Array): number {
    const piece = this.#next(buffer.length);
    if (piece) buffer.set(piece);
    return piece?.length ?? flags.CURL_READFUNC_PAUSE;
  }

  /** The next bytes, `room` at most; `null` where the transfer has to pause. */
  #next(room: number): Uint8Array<ArrayBuffer> | null {
    if (this.#mustWait()) {
      this.#pause.beginBriefly();
      return null;
    }
    if (this.#rest) this.#copy(this.#rest);
    const piece = this.#ahead.take(room);
    this.#given += piece.length;
    this.#chunksAhead = 0;
    if (!this.#done) this.#pull();
    if (this.#pulling && this.#ahead.length === 0) this.#yieldTurn();
    if (piece.length > 0 || this.#done) return piece;
    this.#pause.begin();
    return null;
  }

  /**
   * Copies as much of a chunk as is pulled ahead. The next one is not pulled before all of it is
   * copied: a source may fill the same buffer again.
   */
  #copy(chunk: Uint8Array): void {
    if (chunk.length === 0) throw typeError("A chunk of the body stream was detached");
    const part = chunk.subarray(0, UPLOAD_BUFFER - this.#ahead.length);
    this.#ahead.push(part);
    this.#rest = part.length < chunk.length ? chunk.subarray(part.length) : null;
    if (!this.#rest) this.#reader?.recycle?.(chunk);
  }

  /** SEEKFUNCTION: libcurl sends the body again, for an authentication. */
  seek(offset: number, origin: number): number {
    if (origin !== 0 || offset !== 0) return CURL_SEEKFUNC_CANTSEEK;
    if (!this.#reader && !this.#done) return CURL_SEEKFUNC_OK;
    if (!this.#source.replayable) return CURL_SEEKFUNC_FAIL;
    this.cancel(undefined);
    this.#done = false;
    this.#pulled = this.#given = 0;
    return CURL_SEEKFUNC_OK;
  }

  /** Whether enough was pulled until libcurl reads again. */
  get #isAhead(): boolean {
    return this.#rest !== null || this.#ahead.length >= UPLOAD_BUFFER ||
      this.#chunksAhead >= MOST_CHUNKS;
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
    if (!chunk) this.#done = true;
    else {
      this.#copy(chunk);
      this.#chunksAhead++;
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
    this.#ahead.clear();
    this.#rest = null;
    this.#pulling = false;
    this.#pause.clear();
    this.#done = true;
    if (reader) reader.cancel(reason).catch(() => {}); // nothing waits for the stream any more
    else this.#source.cancel(reason);
  }
}
