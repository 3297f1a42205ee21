/**
 * The body of a response as a byte stream with backpressure.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { flags } from "../../ffi/curl/flags.ts";

const { CURL_WRITEFUNC_PAUSE } = flags;

/** How much is kept for a reader that is slower than the network, and when to fetch more. */
const HIGH_WATER = 256 * 1024, LOW_WATER = 64 * 1024;

/** What the stream asks of its transfer. */
export interface BodyTransfer {
  /** Goes on after a pause. Called from a macrotask, never from a callback. */
  resume(): void;
  /** Ends it: nobody wants the rest. */
  cancel(reason: unknown): void;
}

type Controller = ReadableByteStreamController;

/** A transfer whose stream was forgotten before it was read: nobody can read it any more. */
const unread = new FinalizationRegistry<WeakRef<BodySink>>((ref) => ref.deref()?.abandon());

/**
 * Takes the bytes from WRITEFUNCTION and gives them to a stream. The queue is here and not in
 * the stream, which then asks only when a read waits: as long as none does, nothing here holds
 * the stream, so that one which everybody has forgotten is collected, and its transfer ends.
 */
export class BodySink {
  readonly #transfer: BodyTransfer;
  readonly #queue: Uint8Array<ArrayBuffer>[] = [];
  #queued = 0;
  /** Where a read waits. */
  #waiting: Controller | null = null;
  #weak: WeakRef<Controller> | null = null;
  #paused = false;
  #resuming = false;
  /** How the stream ends once the queue is empty; the transfer is over then. */
  #finish: ((controller: Controller) => void) | null = null;
  /** Nobody wants more. */
  #closed = false;

  constructor(transfer: BodyTransfer) {
    this.#transfer = transfer;
  }

  /** Whether the transfer waits for a reader. */
  get paused(): boolean {
    return this.#paused;
  }

  /** The stream; called once. */
  open(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const stream = new ReadableStream({
      type: "bytes",
      start: (controller) => {
        this.#weak = new WeakRef(controller);
      },
      pull: (controller) => this.#pull(controller),
      cancel: (reason) => {
        this.#forget();
        this.#transfer.cancel(reason);
      },
    }, { highWaterMark: 0 });
    unread.register(stream, new WeakRef(this));
    return stream as ReadableStream<Uint8Array<ArrayBuffer>>;
  }

  #forget(): void {
    this.#closed = true;
    this.#waiting = null;
    this.#queue.length = this.#queued = 0;
  }

  /** The WRITEFUNCTION. */
  write(bytes: Uint8Array<ArrayBuffer>): number {
    if (this.#closed) return bytes.length;
    const controller = this.#waiting;
    if (controller) {
      this.#waiting = null;
      const request = controller.byobRequest;
      if (!request) controller.enqueue(bytes.slice());
      else this.#keep(bytes.subarray(fill(request, [bytes])));
    } else if (this.#queued >= HIGH_WATER) {
      this.#paused = true;
      return CURL_WRITEFUNC_PAUSE;
    } else this.#keep(bytes);
    return bytes.length;
  }

  #keep(bytes: Uint8Array<ArrayBuffer>): void {
    if (bytes.length === 0) return;
    this.#queue.push(bytes.slice());
    this.#queued += bytes.length;
  }

  /** A read waits. */
  #pull(controller: Controller): void {
    if (this.#queued > 0) this.#serve(controller);
    else if (!this.#finish) this.#waiting = controller;
    if (this.#queued <= LOW_WATER) this.#resume();
    if (this.#queued === 0 && this.#finish) this.#end(controller, this.#finish);
  }

  #serve(controller: Controller): void {
    const request = controller.byobRequest;
    if (!request) {
      const chunk = this.#queue.shift() as Uint8Array<ArrayBuffer>;
      this.#queued -= chunk.length;
      return controller.enqueue(chunk);
    }
    let taken = fill(request, this.#queue);
    this.#queued -= taken;
    while (taken > 0) {
      const chunk = this.#queue.shift() as Uint8Array<ArrayBuffer>;
      if (chunk.length > taken) this.#queue.unshift(chunk.subarray(taken));
      taken -= Math.min(taken, chunk.length);
    }
  }

  #resume(): void {
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
    this.#over((controller) => {
      controller.close();
      controller.byobRequest?.respond(0); // a read with a buffer waits for that
    });
  }

  /** The transfer has failed: what came before can be read, unless it fails at once. */
  fail(error: unknown, atOnce: boolean): void {
    if (atOnce) this.#queue.length = this.#queued = 0;
    this.#over((controller) => controller.error(error));
  }

  #over(finish: (controller: Controller) => void): void {
    if (this.#closed || this.#finish) return;
    this.#finish = finish;
    if (this.#queued > 0) return;
    const controller = this.#waiting ?? this.#weak?.deref();
    if (controller) this.#end(controller, finish);
  }

  #end(controller: Controller, finish: (controller: Controller) => void): void {
    this.#forget();
    try {
      finish(controller);
    } catch {
      // a read of 16-bit units ended at an odd byte: the stream has failed with that by itself
    }
  }

  /** The stream was collected. */
  abandon(): void {
    if (this.#closed || this.#finish) return;
    this.#forget();
    this.#transfer.cancel(undefined);
  }
}

/** Copies chunks to a reader's own buffer, as far as it goes, and says how many bytes. */
function fill(
  request: ReadableStreamBYOBRequest,
  chunks: readonly Uint8Array<ArrayBuffer>[],
): number {
  const { buffer, byteOffset, byteLength } = request.view as ArrayBufferView<ArrayBuffer>;
  const room = new Uint8Array(buffer, byteOffset, byteLength);
  let filled = 0;
  for (const chunk of chunks) {
    const piece = chunk.subarray(0, byteLength - filled);
    room.set(piece, filled);
    filled += piece.length;
    if (filled === byteLength) break;
  }
  request.respond(filled);
  return filled;
}
