/**
 * `BodySink`: the body of a response as a byte stream with backpressure.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { flags } from "../../../ffi/curl/flags.ts";
import type { Piece } from "../../handles/callbacks/piece.ts";
import { KEPT_BYTES } from "../../handles/easy/decoding.ts";
import { BodyQueue } from "./body_queue.ts";

const { CURL_WRITEFUNC_PAUSE } = flags;

/** The transfer is paused at so many queued bytes, and resumed when so many are left. */
const HIGH_WATER = 256 * 1024, LOW_WATER = 64 * 1024;
/** Higher limit while a read is pending: it empties the queue this turn, and pausing is costly. */
const WAITING_HIGH_WATER = 512 * 1024;
/**
 * The most that the queue takes of a body that libcurl is in the middle of unpacking. Then the
 * transfer is paused in any case: libcurl keeps another `KEPT_BYTES`, and fails where there is more.
 */
const UNPACKED_LIMIT = 192 * 1024 * 1024;
/** So many bytes may one read of the socket unpack to. */
export const MAX_UNPACKED: number = UNPACKED_LIMIT + KEPT_BYTES;

/** The transfer of a body. */
export interface BodyTransfer {
  /**
   * Pauses. Returns whether libcurl is to keep the present piece; else it has to be taken, and the
   * pause comes after the rest of what libcurl has read. Called inside the WRITEFUNCTION.
   */
  pause(): boolean;
  /** Resumes after a pause. Called from a macrotask, never from a libcurl callback. */
  resume(): void;
  /** Ends the transfer, since the rest of the body is not wanted. */
  cancel(reason: unknown): void;
}

type Controller = ReadableByteStreamController;

/** Ends the transfer of a stream that was collected before it was read to its end. */
const unread = new FinalizationRegistry<WeakRef<BodySink>>((ref) =>
  ref.deref()?.onStreamCollected()
);

/**
 * Passes bytes from WRITEFUNCTION to a stream. The queue is here and not in the stream, so the
 * stream calls `pull` only while a read is pending. At all other times nothing here refers to the
 * stream: if the user drops it, it is collected and its transfer ends.
 */
export class BodySink {
  readonly #transfer: BodyTransfer;
  readonly #queue = new BodyQueue();
  /** Set while a read is pending. */
  #waitingController: Controller | null = null;
  #serving = false;
  #weakController: WeakRef<Controller> | null = null;
  #paused = false;
  #resuming = false;
  /** The transfer was paused at {@linkcode UNPACKED_LIMIT}. */
  #isOverLimit = false;
  /** Set when the transfer is over: closes or errors the stream once the queue is empty. */
  #finish: ((controller: Controller) => void) | null = null;
  /** Whether the transfer has succeeded. */
  #ended = false;
  /** Whether the stream has ended or was cancelled. */
  #closed = false;

  constructor(transfer: BodyTransfer) {
    this.#transfer = transfer;
  }

  /** Whether the transfer is paused. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Whether libcurl was left with bytes in the middle of unpacking, of which it may have too many. */
  get isOverLimit(): boolean {
    return this.#isOverLimit;
  }

  /** The whole body if it has arrived and has at most so many bytes, else `null`. */
  takeWhole(most: number): Uint8Array<ArrayBuffer> | null {
    if (!this.#ended || this.#queue.length > most) return null;
    const bytes = this.#queue.takeAll();
    this.#drop();
    return bytes;
  }

  /** Creates the stream; called once. */
  open(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const stream = new ReadableStream({
      type: "bytes",
      start: (controller) => {
        if (this.#finish && this.#queue.length === 0) this.#end(controller, this.#finish);
        else this.#weakController = new WeakRef(controller);
      },
      pull: (controller) => this.#pull(controller),
      cancel: (reason) => {
        this.#drop();
        this.#transfer.cancel(reason);
      },
    }, { highWaterMark: 0 });
    unread.register(stream, new WeakRef(this));
    return stream as ReadableStream<Uint8Array<ArrayBuffer>>;
  }

  #drop(): void {
    this.#closed = true;
    this.#waitingController = null;
    this.#queue.clear();
  }

  /** WRITEFUNCTION. */
  write(piece: Piece): number {
    const { length } = piece;
    if (this.#closed) return length;
    if (this.#queue.length >= (this.#waitingController ? WAITING_HIGH_WATER : HIGH_WATER)) {
      const keeps = this.#transfer.pause();
      this.#paused = true;
      if (keeps) return CURL_WRITEFUNC_PAUSE;
      if (this.#queue.length >= UNPACKED_LIMIT) {
        this.#isOverLimit = true;
        return CURL_WRITEFUNC_PAUSE;
      }
    }
    this.#queue.push(piece);
    if (this.#waitingController) this.#scheduleServe();
    return length;
  }

  /** Serves the pending read in a microtask, with all bytes that libcurl delivers until then. */
  #scheduleServe(): void {
    if (this.#serving) return;
    this.#serving = true;
    queueMicrotask(() => {
      this.#serving = false;
      const controller = this.#waitingController;
      if (!controller) return;
      this.#waitingController = null;
      this.#pull(controller);
    });
  }

  /** The `pull` of the stream: a read is pending. */
  #pull(controller: Controller): void {
    if (this.#queue.length > 0) this.#serve(controller);
    else if (!this.#finish) this.#waitingController = controller;
    if (this.#queue.length <= LOW_WATER) this.#scheduleResume();
    if (this.#queue.length === 0 && this.#finish) this.#end(controller, this.#finish);
  }

  #serve(controller: Controller): void {
    const request = controller.byobRequest;
    if (!request) return controller.enqueue(this.#queue.take());
    const { buffer, byteOffset, byteLength } = request.view as ArrayBufferView<ArrayBuffer>;
    request.respond(this.#queue.fill(new Uint8Array(buffer, byteOffset, byteLength)));
  }

  #scheduleResume(): void {
    if (!this.#paused || this.#resuming) return;
    this.#resuming = true;
    setImmediate(() => {
      this.#resuming = false;
      if (!this.#paused || this.#closed) return;
      this.#paused = false;
      this.#transfer.resume();
    });
  }

  /** The transfer has succeeded. */
  end(): void {
    this.#ended = true;
    this.#finishWith((controller) => {
      controller.close();
      controller.byobRequest?.respond(0); // a pending BYOB read ends only by that
    });
  }

  /** The transfer has failed. The queued bytes can still be read, unless `atOnce` drops them. */
  fail(error: unknown, atOnce: boolean): void {
    if (atOnce) this.#queue.clear();
    this.#finishWith((controller) => controller.error(error));
  }

  #finishWith(finish: (controller: Controller) => void): void {
    if (this.#closed || this.#finish) return;
    this.#finish = finish;
    if (this.#queue.length > 0) return;
    const controller = this.#waitingController ?? this.#weakController?.deref();
    if (controller) this.#end(controller, finish);
  }

  #end(controller: Controller, finish: (controller: Controller) => void): void {
    this.#drop();
    try {
      finish(controller);
    } catch {
      // a read into a Uint16Array ended at an odd byte: the stream has failed by itself
    }
  }

  /** Called when the stream was garbage-collected. */
  onStreamCollected(): void {
    if (this.#closed || this.#finish) return;
    this.#drop();
    this.#transfer.cancel(undefined);
  }
}
