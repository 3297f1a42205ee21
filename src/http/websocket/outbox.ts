/**
 * The outbox of a WebSocket: queues messages and control frames, and writes them as blocks of
 * frames for the socket. Large messages are fragmented; pings and pongs go between the fragments.
 *
 * @module
 */

import { Fifo } from "../../fifo.ts";
import { MAX_CONTROL, MAX_FRAME_HEAD, Opcode, writeFrame } from "./frames.ts";

/** The maximum size of a fragment, which a pong has to wait for. */
const FRAGMENT = 128 * 1024;

interface Message {
  readonly opcode: number;
  /** The number of bytes that the message counts in `buffered`. */
  readonly size: number;
  /** `null` while its Blob is read. */
  bytes: Uint8Array<ArrayBuffer> | null;
  /** How many bytes were written to blocks. */
  written: number;
}

/** The buffer for blocks of all connections of a thread; the caller copies what it cannot send. */
const block = new Uint8Array(FRAGMENT + 16);

/** The queue of one connection. */
export class Outbox {
  readonly #messages = new Fifo<Message>();
  readonly #pings = new Fifo<Uint8Array>();
  #pong: Uint8Array | null = null;
  #close: Uint8Array | null = null;
  #closeWritten = false;
  /** `bufferedAmount`: bytes of messages that were not sent yet, or never will be. */
  buffered = 0;
  /** How many of these bytes are in the last block. */
  #inBlock = 0;
  /** Whether the Close frame was sent. */
  closed = false;

  /** Queues a message. If `bytes` is `null`, the returned function sets them later. */
  push(opcode: number, size: number, bytes: Uint8Array<ArrayBuffer> | null): (
    bytes: Uint8Array<ArrayBuffer>,
  ) => void {
    const message: Message = { opcode, size, bytes, written: 0 };
    this.buffered += size;
    this.#messages.push(message);
    return (bytes) => message.bytes = bytes;
  }

  /** Queues a ping. */
  ping(payload: Uint8Array): void {
    this.#pings.push(payload);
  }

  /** Queues a pong. A newer one replaces it: the RFC allows to answer only the latest ping. */
  pong(payload: Uint8Array): void {
    this.#pong = payload;
  }

  /** Queues the Close frame after the messages. */
  close(payload: Uint8Array): void {
    this.#close ??= payload;
  }

  /** Drops the queue and queues the Close frame. A message sent in part stays incomplete. */
  closeNow(payload: Uint8Array): void {
    this.#messages.clear();
    this.#pings.clear();
    this.#close ??= payload;
  }

  /** Whether a Close frame is queued or sent. */
  get closing(): boolean {
    return this.#close !== null;
  }

  /** Writes the next block of frames, valid until the next call; `null` if nothing is queued. */
  nextBlock(): Uint8Array<ArrayBuffer> | null {
    let end = 0;
    for (;;) {
      end = this.#writeControls(end);
      const message = this.#messages.first;
      if (!message?.bytes) break;
      const next = this.#writeMessage(end, message, message.bytes);
      if (next === end) break;
      end = next;
    }
    const hasRoom = end + MAX_FRAME_HEAD + MAX_CONTROL <= block.length;
    if (this.#close && !this.#closeWritten && this.#messages.length === 0 && hasRoom) {
      end = writeFrame(block, end, Opcode.CLOSE, true, this.#close);
      this.#closeWritten = true;
    }
    return end > 0 ? block.subarray(0, end) : null;
  }

  #writeControls(at: number): number {
    if (this.#closeWritten) return at;
    const hasRoom = () => at + MAX_FRAME_HEAD + MAX_CONTROL <= block.length;
    if (this.#pong && hasRoom()) {
      at = writeFrame(block, at, Opcode.PONG, true, this.#pong);
      this.#pong = null;
    }
    while (this.#pings.length > 0 && hasRoom()) {
      at = writeFrame(block, at, Opcode.PING, true, this.#pings.shift() as Uint8Array);
    }
    return at;
  }

  /** Writes the next fragment if it fits into the block. Returns its end. */
  #writeMessage(at: number, message: Message, bytes: Uint8Array<ArrayBuffer>): number {
    const { written, opcode } = message, size = Math.min(bytes.length - written, FRAGMENT);
    if (at + MAX_FRAME_HEAD + size > block.length) return at;
    const isLast = written + size === bytes.length;
    const kind = written === 0 ? opcode : Opcode.CONTINUATION;
    const end = writeFrame(
      block,
      at,
      kind,
      isLast,
      bytes.subarray(written, written + size),
    );
    message.written += size;
    this.#inBlock += size;
    if (isLast) this.#messages.shift();
    return end;
  }

  /** Called when the last block was sent completely. */
  blockSent(): void {
    this.buffered -= this.#inBlock;
    this.#inBlock = 0;
    this.closed = this.#closeWritten;
  }
}
