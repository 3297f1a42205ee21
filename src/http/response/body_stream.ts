/**
 * The body of a response as a byte stream with backpressure.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { flags } from "../../../ffi/curl/flags.ts";
import type { Piece } from "../../handles/callbacks/piece.ts";
import { BodyQueue } from "./body_queue.ts";

const { CURL_WRITEFUNC_PAUSE } = flags;

/** How much is kept for a reader that is slower than the network, and when to fetch more. */
const HIGH_WATER = 256 * 1024, LOW_WATER = 64 * 1024;
/** For one that waits, and will take it all at the end of the turn: pauses cost much. */
const WAITING_HIGH_WATER = 512 * 1024;

/** What the stream asks of its transfer. */
export interface BodyTransfer {
  /** Goes on after a pause. Called from a macrotask, never from a callback. */
  resume(): void;
  /** Ends it: nobody wants the rest. */
  cancel(reason: unknown): void;
}

type Controller = ReadableByteStreamController;

/** A transfer whose stream was forgotten before it was read: nobody can read it any more. */
const unread = new FinalizationRegistry<WeakRef<BodySink>>((ref) =>
  ref.deref()?.onStreamCollected()
);

/**
 * Takes the bytes from WRITEFUNCTION and gives them to a stream. The queue is here and not in
 * the stream, which then asks only when a read waits: as long as none does, nothing here holds
 * the stream, so that one which everybody has forgotten is collected, and its transfer ends.
 */
export class BodySink {
  readonly #transfer: BodyTransfer;
  readonly #queue = new BodyQueue();
  /** Where a read waits. */
  #waitingController: Controller | null = null;
  #serving = false;
  #weakController: WeakRef<Controller> | null = null;
  #paused = false;
  #resuming = false;
  /** How the stream ends once the queue is empty; the transfer is over then. */
  #finish: ((controller: Controller) => void) | null = null;
  /** Whether nothing is missing. */
  #ended = false;
  /** Nobody wants more. */
  #closed = false;

  constructor(transfer: BodyTransfer) {
    this.#transfer = transfer;
  }

  /** Whether the transfer waits for a reader. */
  get paused(): boolean {
    return this.#paused;
  }

  /** All of the body, where it is over and has so many bytes at most; else `null`. */
  takeWhole(most: number): Uint8Array<ArrayBuffer> | null {
    if (!this.#ended || this.#queue.length > most) return null;
    const bytes = this.#queue.takeAll();
    this.#drop();
    return bytes;
  }

  /** The stream; called once. */
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

  /** The WRITEFUNCTION. */
  write(piece: Piece): number {
    const { length } = piece;
    if (this.#closed) return length;
    if (this.#queue.length >= (this.#waitingController ? WAITING_HIGH_WATER : HIGH_WATER)) {
      this.#paused = true;
      return CURL_WRITEFUNC_PAUSE;
    }
    this.#queue.push(piece);
    if (this.#waitingController) this.#scheduleServe();
    return length;
  }

  /** A read goes on after libcurl has returned, so it may as well get all that comes until then. */
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

  /** A read waits. */
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

  /** The transfer is over. */
  end(): void {
    this.#ended = true;
    this.#finishWith((controller) => {
      controller.close();
      controller.byobRequest?.respond(0); // a read with a buffer waits for that
    });
  }

  /** The transfer has failed: what came before can be read, unless it fails at once. */
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
      // a read of 16-bit units ended at an odd byte: the stream has failed with that by itself
    }
  }

  /** The stream was collected. */
  onStreamCollected(): void {
    if (this.#closed || this.#finish) return;
    this.#drop();
    this.#transfer.cancel(undefined);
  }
}
