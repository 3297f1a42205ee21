/**
 * C memory in which the header lines of a head are collected: copying a line to an address takes a
 * fifth of the time of copying it into an array, whose part would first need a view.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { allocate, copyBlock, release } from "../../../ffi/memory.ts";
import { native, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";

/** The room for the lines of a usual head, in bytes, and the most room of a block that is kept. */
const USUAL = 1024, KEPT = 16 * 1024;

/** A block of C memory with a view on it. */
class Room {
  readonly pointer: NonNullPointer;
  readonly address: number;
  readonly bytes: Buffer;

  constructor(size: number) {
    this.pointer = allocate(size);
    this.address = native.address(this.pointer);
    const { buffer, byteOffset } = native.view(this.pointer, size);
    this.bytes = Buffer.from(buffer, byteOffset, size);
  }
}

/** A free block. Nearly all heads arrive at once, so most transfers use one block in turn. */
let spare: LineBlock | null = null;

/** Bytes in C memory, to which lines are added. */
export class LineBlock {
  #room = new Room(USUAL);
  #length = 0;

  /** An empty block. Whoever takes it calls {@linkcode giveBack}. */
  static take(): LineBlock {
    const block = spare ?? new LineBlock();
    spare = null;
    return block;
  }

  /** Adds the bytes at an address, of which there must be one. Returns the first byte. */
  add(source: Pointer, length: number): number {
    const start = this.#length, end = start + length;
    if (end > this.#room.bytes.length) this.#resize(Math.max(end, 2 * start));
    const { address, bytes } = this.#room;
    copyBlock(address + start, source, length);
    this.#length = end;
    return bytes[start] as number;
  }

  /** The bytes as latin-1 text. */
  get text(): string {
    // not by TextDecoder, whose "latin1" is windows-1252
    return this.#room.bytes.toString("latin1", 0, this.#length);
  }

  /** Frees the block, or keeps it for another head. */
  giveBack(): void {
    this.#length = 0;
    if (spare === null && this.#room.bytes.length <= KEPT) spare = this;
    else release(this.#room.pointer);
  }

  #resize(size: number): void {
    const old = this.#room, room = new Room(size);
    copyBlock(room.address, old.pointer, this.#length);
    this.#room = room;
    release(old.pointer);
  }
}
