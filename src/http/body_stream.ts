/**
 * The body of a response as a byte stream with backpressure.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { flags } from "../../ffi/curl/flags.ts";

const { CURL_WRITEFUNC_PAUSE } = flags;

/** How much is kept for a reader that is slower than the network. */
const HIGH_WATER_MARK = 256 * 1024;

/** What the stream asks of its transfer. */
export interface BodyTransfer {
  /** Goes on after a pause. Called from a macrotask, never from a callback. */
  resume(): void;
  /** Ends it: nobody wants the rest. */
  cancel(reason: unknown): void;
}

/** A transfer whose stream was forgotten before it was read: nobody can read it any more. */
const unread = new FinalizationRegistry<WeakRef<BodySink>>((ref) => ref.deref()?.abandon());

/** Takes the bytes from WRITEFUNCTION and gives them to a stream. */
export class BodySink {
  readonly #transfer: BodyTransfer;
  readonly #limit: number;
  // weak while the stream waits for its reader: if nobody holds it, the transfer is to end
  #controller: ReadableByteStreamController | null = null;
  #weak: WeakRef<ReadableByteStreamController> | null = null;
  #paused = false;
  #resuming = false;
  #ended = false;
  /** How many bytes have come. */
  received = 0;

  /** Makes a sink that takes `limit` bytes at most. */
  constructor(transfer: BodyTransfer, limit: number) {
    this.#transfer = transfer;
    this.#limit = limit;
  }

  /** The stream; called once. */
  open(): ReadableStream<Uint8Array> {
    const stream = new ReadableStream({
      type: "bytes",
      start: (controller) => {
        this.#controller = controller;
        this.#weak = new WeakRef(controller);
      },
      pull: (controller) => {
        this.#controller = controller;
        this.#resume();
      },
      cancel: (reason) => {
        this.#ended = true;
        this.#transfer.cancel(reason);
      },
    }, { highWaterMark: HIGH_WATER_MARK });
    unread.register(stream, new WeakRef(this));
    return stream;
  }

  /** The WRITEFUNCTION. */
  write(bytes: Uint8Array): number {
    const controller = this.#controller;
    if (this.#ended) return bytes.length;
    if (!controller || (controller.desiredSize ?? 0) <= 0) return this.#pause();
    this.received += bytes.length;
    if (this.received > this.#limit) {
      throw new RangeError(`The body is larger than maxBodySize (${this.#limit} bytes)`);
    }
    deliver(controller, bytes);
    return bytes.length;
  }

  #pause(): number {
    this.#paused = true;
    this.#controller = null;
    return CURL_WRITEFUNC_PAUSE;
  }

  #resume(): void {
    if (!this.#paused || this.#resuming) return;
    this.#resuming = true;
    setImmediate(() => {
      this.#resuming = false;
      if (!this.#paused || this.#ended) return;
      this.#paused = false;
      this.#transfer.resume();
    });
  }

  /** The transfer is over. */
  end(): void {
    this.#finish((controller) => {
      controller.close();
      // a pending BYOB read is answered with nothing
      controller.byobRequest?.respond(0);
    });
  }

  /** The transfer has failed. */
  fail(error: unknown): void {
    this.#finish((controller) => controller.error(error));
  }

  #finish(how: (controller: ReadableByteStreamController) => void): void {
    if (this.#ended) return;
    this.#ended = true;
    const controller = this.#controller ?? this.#weak?.deref();
    if (controller) how(controller);
  }

  /** The stream was collected. */
  abandon(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#transfer.cancel(undefined);
  }
}

/** Gives bytes to a reader's own buffer where it waits with one, else to the queue. */
function deliver(controller: ReadableByteStreamController, bytes: Uint8Array): void {
  const request = controller.byobRequest, view = request?.view;
  if (!request || !view) {
    controller.enqueue(bytes.slice());
    return;
  }
  const room = new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
  const taken = Math.min(room.length, bytes.length);
  room.set(bytes.subarray(0, taken));
  request.respond(taken);
  if (taken < bytes.length) controller.enqueue(bytes.slice(taken));
}
