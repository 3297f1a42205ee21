/**
 * What a WebSocket is to send, in order: messages, in fragments where they are large, then the
 * Close frame. Pings and pongs go in between.
 *
 * @module
 */

import { MAX_CONTROL, MAX_FRAME_HEAD, Opcode, writeFrame } from "./frames.ts";

/** A larger message is sent in fragments of so many bytes, so that a pong gets in between. */
const FRAGMENT = 128 * 1024;

interface Message {
  readonly opcode: number;
  /** How much of it counts as buffered. */
  readonly size: number;
  /** `null` while a Blob is being read. */
  bytes: Uint8Array<ArrayBuffer> | null;
  /** How much of it was written. */
  written: number;
}

/** One for all connections of the thread: what the network does not take at once is copied. */
const block = new Uint8Array(FRAGMENT + 16);

/** See the module. */
export class Outbox {
  #messages: Message[] = [];
  #first = 0;
  readonly #pings: Uint8Array[] = [];
  #pong: Uint8Array | null = null;
  #close: Uint8Array | null = null;
  #closeWritten = false;
  /** Bytes of messages that the network has not taken, and those that it never will. */
  buffered = 0;
  /** How much of that the last block holds. */
  #inBlock = 0;
  /** Whether the Close frame is out. */
  closed = false;

  /** Adds a message; its bytes may come later, with the function that is returned. */
  push(opcode: number, size: number, bytes: Uint8Array<ArrayBuffer> | null): (
    bytes: Uint8Array<ArrayBuffer>,
  ) => void {
    const message: Message = { opcode, size, bytes, written: 0 };
    this.buffered += size;
    this.#messages.push(message);
    return (bytes) => message.bytes = bytes;
  }

  /** Adds a ping. */
  ping(payload: Uint8Array): void {
    this.#pings.push(payload);
  }

  /** Adds a pong. A newer one takes its place: the protocol lets the last ping be answered only. */
  pong(payload: Uint8Array): void {
    this.#pong = payload;
  }

  /** Adds the Close frame, behind the messages. */
  close(payload: Uint8Array): void {
    this.#close ??= payload;
  }

  /** Adds the Close frame in place of all else; a message that has begun stays cut off. */
  closeNow(payload: Uint8Array): void {
    this.#messages = [];
    this.#pings.length = this.#first = 0;
    this.#close ??= payload;
  }

  /** Whether a Close frame is among it. */
  get closing(): boolean {
    return this.#close !== null;
  }

  /** The next bytes for the network, valid until the next call; `null` where there are none. */
  nextBlock(): Uint8Array<ArrayBuffer> | null {
    let end = 0;
    for (;;) {
      end = this.#writeControls(end);
      const message = this.#messages[this.#first];
      if (!message?.bytes) break;
      const next = this.#writeMessage(end, message, message.bytes);
      if (next === end) break;
      end = next;
    }
    const hasRoom = end + MAX_FRAME_HEAD + MAX_CONTROL <= block.length;
    if (this.#close && !this.#closeWritten && !this.#messages[this.#first] && hasRoom) {
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

  /** Writes the next fragment where it fits whole. */
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
    if (isLast) this.#shift();
    return end;
  }

  #shift(): void {
    this.#messages[this.#first++] = undefined as unknown as Message;
    if (this.#first < 1024 && this.#first < this.#messages.length) return;
    this.#messages.splice(0, this.#first);
    this.#first = 0;
  }

  /** The network has taken the last block whole. */
  blockSent(): void {
    this.buffered -= this.#inBlock;
    this.#inBlock = 0;
    this.closed = this.#closeWritten;
  }
}
