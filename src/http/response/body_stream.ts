/**
 * `BodySink`: the body of a response as a byte stream with backpressure.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { flags } from "../../../ffi/curl/flags.ts";
import type { Piece } from "../../handles/callbacks/piece.ts";
import { KEPT_BYTES } from "../../handles/easy/decoding.ts";
import { dictionary } from "../../members.ts";
import { isAborted, onAbortWithoutRef, reasonOf, throwIfAborted } from "../../signals.ts";
import { BodyQueue } from "./body_queue.ts";
import { forgetUnread, type UnreadBody, watchUnread } from "./unread.ts";

const { CURL_WRITEFUNC_PAUSE } = flags;

/** The numbers of queued bytes at which the transfer is paused, and resumed. */
const HIGH_WATER = 256 * 1024, LOW_WATER = 64 * 1024;
/** Higher limit while a read is pending: it empties the queue this turn, and pausing is costly. */
const WAITING_HIGH_WATER = 512 * 1024;
/**
 * The most bytes that the queue takes of a body while libcurl unpacks it, where the caller has given
 * no limit. Beyond that the transfer is paused in any case: libcurl keeps another `KEPT_BYTES`, and
 * fails for more.
 */
const UNPACKED_LIMIT = 192 * 1024 * 1024;
/** The most bytes that one read of the socket may unpack to, where the caller has given no limit. */
export const MAX_UNPACKED: number = UNPACKED_LIMIT + KEPT_BYTES;

/**
 * The limit for a body: a `maxBodySize` of the caller's replaces curlew's own. The transfer ends at
 * it in any case, so the queue needs none then.
 */
export const mostUnpacked = ({ limitsBody }: { readonly limitsBody: boolean }): number =>
  limitsBody ? Infinity : UNPACKED_LIMIT;

/** The transfer of a body. */
export interface BodyTransfer {
  /**
   * Pauses. Returns whether libcurl keeps the present piece; else the callback must take it, and
   * the pause follows after the rest of libcurl's read. Called inside the WRITEFUNCTION.
   */
  pause(): boolean;
  /**
   * Pauses because nobody reads. Returns whether the transfer is paused. Called from a macrotask,
   * never from a libcurl callback.
   */
  pauseUnread(): boolean;
  /** Resumes after a pause. Called from a macrotask, never from a libcurl callback. */
  resume(): void;
  /** Ends the transfer, because the rest of the body is not needed. */
  cancel(reason: unknown): void;
}

type Controller = ReadableByteStreamController;

/** The stream of a body. */
export type BodyStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/** The transfer of a body that has arrived completely. */
const NO_TRANSFER: BodyTransfer = {
  pause: () => false,
  pauseUnread: () => false,
  resume() {},
  cancel() {},
};

/** Ends the transfer of a stream that was garbage-collected before it was read to its end. */
const unread = new FinalizationRegistry<WeakRef<BodySink>>((ref) =>
  ref.deref()?.onStreamCollected()
);

/** Sinks that will listen to their signals from the next macrotask on. */
const listeners: BodySink[] = [];

/** Makes a sink listen to its signal. Later, since most bodies are read to their end at once. */
function listenSoon(sink: BodySink): void {
  if (listeners.push(sink) > 1) return;
  setImmediate(() => {
    for (const sink of listeners.splice(0)) sink.listen();
  });
}

/**
 * Passes bytes from WRITEFUNCTION to a stream. The queue is here and not in the stream, so the
 * stream calls `pull` only while a read is pending. At all other times nothing here refers to the
 * stream: if the user drops it, it is collected and its transfer ends.
 *
 * While the transfer runs, its owner ends the body when the signal aborts. After that the sink
 * itself does: at each read, and by a listener while the body is unread.
 */
export class BodySink implements UnreadBody {
  readonly #transfer: BodyTransfer;
  readonly #mostUnpacked: number;
  #queue: BodyQueue;
  /** All bytes of a body that is read as a whole; the stream gets none of them. */
  #gathered: BodyQueue | null = null;
  /** Set while a read is pending. */
  #waitingController: Controller | null = null;
  #serving = false;
  #weakController: WeakRef<Controller> | null = null;
  #paused = false;
  #resuming = false;
  /** Whether the transfer was paused at `mostUnpacked`. */
  #isOverLimit = false;
  /** Set when the transfer is over: closes or errors the stream once the queue is empty. */
  #finish: ((controller: Controller) => void) | null = null;
  /** Whether the transfer has succeeded. */
  #ended = false;
  /** Whether the stream has ended or was cancelled. */
  #closed = false;
  /** Whether no byte has arrived. */
  #isEmpty = true;
  /** Whether a read of the stream has begun. */
  #wasRead = false;
  /** Whether {@linkcode look} is called now and then. */
  #isWatched = false;
  /** Whether no read was pending at the last look, and none has begun since then. */
  #wasUnread = false;
  #signal: AbortSignal | null = null;
  /** Set if there is a signal. */
  #weakStream: WeakRef<BodyStream> | null = null;
  /** Whether the sink listens to the signal, or will soon. */
  #listens = false;
  #unlisten: (() => void) | null = null;

  /**
   * Makes a sink; `expected` is the length of the body, `null` if unknown. `mostUnpacked` is the
   * number of queued bytes at which the transfer is paused even if libcurl is unpacking.
   */
  constructor(
    transfer: BodyTransfer,
    expected: number | null = null,
    mostUnpacked: number = UNPACKED_LIMIT,
  ) {
    this.#transfer = transfer;
    this.#mostUnpacked = mostUnpacked;
    this.#queue = new BodyQueue(expected);
  }

  /** A sink with all the bytes of a body. */
  static filled(bytes: Uint8Array<ArrayBuffer>): BodySink {
    const sink = new BodySink(NO_TRANSFER);
    sink.#isEmpty = bytes.length === 0;
    sink.#queue.add(bytes);
    sink.end();
    return sink;
  }

  /** Whether the transfer is paused. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Whether libcurl had to keep bytes during unpacking, perhaps more than it can. */
  get isOverLimit(): boolean {
    return this.#isOverLimit;
  }

  /** Removes the whole body if it has arrived and has at most `most` bytes; `null` otherwise. */
  takeWhole(most: number): Uint8Array<ArrayBuffer> | null {
    if (!this.#ended || this.#queue.length > most) return null;
    const bytes = this.#queue.takeAll();
    this.#drop();
    return bytes;
  }

  /**
   * Makes the bytes bypass the stream, which then ends or fails without bytes. Returns `false` if a
   * read has begun. `length` is the length of the body, `null` if unknown.
   */
  gather(length: number | null): boolean {
    if (this.#wasRead || this.#closed) return false;
    this.#wasRead = true;
    const queue = this.#gathered = this.#queue;
    this.#queue = new BodyQueue();
    if (length !== null) queue.reserve(length);
    return true;
  }

  /** Removes the bytes that have bypassed the stream. */
  takeGathered(): Uint8Array<ArrayBuffer> {
    const bytes = this.#gathered?.takeAll() ?? new Uint8Array(0);
    this.#gathered = null;
    return bytes;
  }

  /** Creates the stream; called once. An abort of the signal ends it. */
  open(signal: AbortSignal | null): BodyStream {
    this.#signal = signal;
    const source: UnderlyingByteSource = dictionary({
      type: "bytes" as const,
      start: (controller: Controller) => this.#start(controller),
      pull: (controller: Controller) => {
        this.#wasRead = true;
        // a read that began before an abort in the same task is to fail with it
        if (signal) this.#serveSoon(controller);
        else this.#pull(controller);
      },
      cancel: (reason: unknown) => {
        this.#drop();
        this.#transfer.cancel(reason);
        throwIfAborted(signal); // an error that was there before
      },
    });
    const stream = new ReadableStream(source, dictionary({ highWaterMark: 0 })) as BodyStream;
    if (signal) this.#weakStream = new WeakRef(stream);
    if (!this.#finish) {
      unread.register(stream, new WeakRef(this));
      this.#watch();
    }
    return stream;
  }

  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    watchUnread(this);
  }

  #unwatch(): void {
    if (!this.#isWatched) return;
    this.#isWatched = false;
    forgetUnread(this);
  }

  /** Pauses the transfer if nobody reads: {@linkcode UnreadBody}. */
  look(): boolean {
    const isRead = this.#gathered !== null || this.#waitingController !== null;
    if (isRead || this.#paused) return this.#isWatched = false;
    if (!this.#wasUnread) return this.#wasUnread = true;
    this.#paused = this.#transfer.pauseUnread();
    return this.#isWatched = false;
  }

  #start(controller: Controller): void {
    this.#weakController = new WeakRef(controller);
    if (this.#finish) this.#endOrListen(controller, this.#finish);
  }

  #drop(): void {
    this.#closed = true;
    this.#unwatch();
    this.#waitingController = null;
    this.#queue.clear();
    this.#unlisten?.();
    this.#unlisten = null;
  }

  /** WRITEFUNCTION. */
  write(piece: Piece): number {
    const { length } = piece;
    if (this.#closed) return length;
    if (this.#gathered) {
      this.#isEmpty = false;
      this.#gathered.push(piece);
      return length;
    }
    if (this.#queue.length >= (this.#waitingController ? WAITING_HIGH_WATER : HIGH_WATER)) {
      const keeps = this.#transfer.pause();
      this.#paused = true;
      if (keeps) return CURL_WRITEFUNC_PAUSE;
      if (this.#queue.length >= this.#mostUnpacked) {
        this.#isOverLimit = true;
        return CURL_WRITEFUNC_PAUSE;
      }
    }
    this.#isEmpty = false;
    this.#queue.push(piece);
    if (this.#waitingController) this.#serveSoon(this.#waitingController);
    return length;
  }

  /** Serves the pending read in a microtask, with all bytes that libcurl delivers until then. */
  #serveSoon(controller: Controller): void {
    this.#waitingController = controller;
    if (this.#serving) return;
    this.#serving = true;
    queueMicrotask(() => {
      this.#serving = false;
      const controller = this.#waitingController;
      if (!controller) return;
      this.#waitingController = null;
      if (this.#signal && isAborted(this.#signal)) this.#abort(controller, this.#signal);
      else this.#pull(controller);
    });
  }

  /** The `pull` of the stream: a read is pending. */
  #pull(controller: Controller): void {
    const served = this.#queue.length > 0;
    this.#wasUnread = false;
    if (served) this.#serve(controller);
    else if (!this.#finish) this.#waitingController = controller;
    if (this.#queue.length <= LOW_WATER) this.#scheduleResume();
    if (!this.#finish) return served ? this.#watch() : undefined;
    if (this.#closed) return;
    if (this.#queue.length > 0 || (served && this.#waitsForRead)) this.#listenSoon();
    else this.#end(controller, this.#finish);
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
    this.#unwatch();
    const controller = this.#controller;
    if (controller) this.#endOrListen(controller, finish);
  }

  get #controller(): Controller | undefined {
    return this.#waitingController ?? this.#weakController?.deref();
  }

  /**
   * Whether the stream is closed only by a read, although the queue is empty: as with the runtimes'
   * own `fetch`, an abort ends a body until its end was read.
   */
  get #waitsForRead(): boolean {
    return this.#signal !== null && this.#ended;
  }

  /** Ends the stream, unless a read must come first. */
  #endOrListen(controller: Controller, finish: (controller: Controller) => void): void {
    const waits = this.#waitsForRead && !this.#waitingController;
    if (this.#queue.length === 0 && !waits) this.#end(controller, finish);
    else if (this.#isEmpty) this.listen();
    else this.#listenSoon();
  }

  #listenSoon(): void {
    if (!this.#signal || this.#listens) return;
    this.#listens = true;
    listenSoon(this);
  }

  /** Listens to the signal until the body has been read, was cancelled or is collected. */
  listen(): void {
    const signal = this.#signal, controller = this.#controller;
    if (this.#closed || !signal || !controller) return;
    if (isAborted(signal)) return this.#abort(controller, signal);
    this.#unlisten = onAbortWithoutRef(signal, () => this.#abort(this.#controller, signal));
    unread.register(controller, new WeakRef(this));
  }

  #abort(controller: Controller | undefined, signal: AbortSignal): void {
    // by the standard an empty body has already ended: a reader of its stream must see that
    const isOver = this.#ended && this.#isEmpty && this.#weakStream?.deref()?.locked === true;
    const finish = isOver ? this.#finish : null;
    this.#drop();
    if (!controller) return;
    if (finish) finish(controller);
    else controller.error(reasonOf(signal));
  }

  #end(controller: Controller, finish: (controller: Controller) => void): void {
    this.#drop();
    try {
      finish(controller);
    } catch {
      // a read into a Uint16Array has ended at an odd byte: the stream itself has failed
    }
  }

  /** Called when the stream was garbage-collected. */
  onStreamCollected(): void {
    if (this.#closed) return;
    this.#drop();
    if (!this.#finish) this.#transfer.cancel(undefined);
  }
}
