/**
 * The body of a response as a Node stream.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { Readable } from "node:stream";

/** The transfer of a stream. */
export interface StreamedTransfer {
  /** Whether the transfer runs. */
  isRunning(): boolean;
  /** Resumes receiving. */
  resume(): void;
  /** Aborts the transfer. */
  abort(error: Error): void;
}

/** The stream of a response's body. It takes each piece, and `isFull` says when to pause. */
export class ResponseStream extends Readable {
  readonly #transfer: StreamedTransfer;
  /** The pieces that were accepted since the last flush. */
  #pieces: Buffer[] = [];
  #waiting = 0;
  /**
   * Whether the reader wants more. At first `false`, so that nothing is received before the first
   * read.
   */
  #wanted = false;

  /** Makes a stream with that high water mark, or Node's default. */
  constructor(transfer: StreamedTransfer, highWaterMark: number | undefined) {
    super(highWaterMark === undefined ? {} : { highWaterMark });
    this.#transfer = transfer;
  }

  /** Whether the next piece has to wait; the stream then resumes the transfer. */
  get isFull(): boolean {
    return !this.#wanted || this.#waiting >= this.readableHighWaterMark;
  }

  /**
   * Takes a piece. It is called inside a callback of libcurl, where listeners could not call every
   * function: so they get the piece after that callback has returned.
   */
  accept(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#waiting += piece.length;
    if (this.#pieces.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#waiting = 0;
    for (const piece of pieces) {
      if (this.destroyed) return;
      this.#wanted = this.push(piece);
    }
  }

  /** Ends the stream: the body is complete. */
  finish(): void {
    this.#flush();
    if (!this.destroyed) this.push(null);
  }

  /** Resumes the transfer. */
  override _read(): void {
    this.#wanted = true;
    // resuming pushes into the stream, which a read() in progress does not allow
    if (this.#transfer.isRunning()) queueMicrotask(() => this.#transfer.resume());
  }

  /** Aborts the transfer, if it is still running. */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { isRunning, abort } = this.#transfer;
    if (!isRunning()) return callback(error);
    // the failure of the transfer reports the error
    abort(error ?? new Error("The response's stream was destroyed before its end"));
    callback(null);
  }
}
