/**
 * The body of a response as a Node stream.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { Readable } from "node:stream";

/** What a stream asks of its transfer. */
export interface StreamedTransfer {
  /** Whether it runs. */
  isRunning(): boolean;
  /** Goes on receiving. */
  resume(): void;
  /** Fails it: nobody wants the rest. */
  abort(error: Error): void;
}

/** A stream that is told of each piece, and tells when there are enough of them. */
export class ResponseStream extends Readable {
  readonly #transfer: StreamedTransfer;
  /** What has come since the event loop was last left. */
  #pieces: Buffer[] = [];
  #waiting = 0;
  /** Not before somebody reads: who destroys an unread stream ends the transfer. */
  #wanted = false;

  /** Makes a stream that wants more below so many bytes, or Node's own number of them. */
  constructor(transfer: StreamedTransfer, highWaterMark: number | undefined) {
    super(highWaterMark === undefined ? {} : { highWaterMark });
    this.#transfer = transfer;
  }

  /** Whether the next piece has to wait; then the stream resumes the transfer. */
  get isFull(): boolean {
    return !this.#wanted || this.#waiting >= this.readableHighWaterMark;
  }

  /**
   * Takes a piece. Whoever listens to the stream hears of it after the callback of libcurl's that
   * this is called from, where they may not do what they like.
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

  /** The body is complete. */
  finish(): void {
    this.#flush();
    if (!this.destroyed) this.push(null);
  }

  /** The stream wants more. */
  override _read(): void {
    this.#wanted = true;
    // that gives the stream more, for which there is no room on the stack of its reader
    if (this.#transfer.isRunning()) queueMicrotask(() => this.#transfer.resume());
  }

  /** The stream is over, before its end where the transfer runs. */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { isRunning, abort } = this.#transfer;
    if (!isRunning()) return callback(error);
    // the transfer tells what became of it
    abort(error ?? new Error("The response's stream was destroyed before its end"));
    callback(null);
  }
}
