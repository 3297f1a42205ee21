/**
 * What has arrived of a body and was not read yet.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { native } from "../../../ffi/mod.ts";
import type { Piece } from "../../handles/callbacks/piece.ts";

type Chunk = Uint8Array<ArrayBuffer>;

/** libcurl's pieces have 16 KiB at most; a chunk has four, since each read costs more than they. */
const SLAB = 64 * 1024;
/** A piece from here on is one of many, and worth a slab. */
const LARGE = 8 * 1024;
/** How many small ones may wait apart: a server can send a byte at a time, and a chunk costs more. */
const MOST_SMALL = 32;

/** A slab is full, or copied, before anyone sees it: so it may have anything in it. */
const newSlab = (): Chunk => new Uint8Array(Buffer.allocUnsafeSlow(SLAB).buffer as ArrayBuffer);

/** Slabs that nobody has seen, for the next body. */
const spare: Chunk[] = [];
const MOST_SPARE = 4;

function recycle(chunk: Chunk): void {
  const { buffer } = chunk;
  if (buffer.byteLength === SLAB && spare.length < MOST_SPARE) spare.push(new Uint8Array(buffer));
}

/** See the module. */
export class BodyQueue {
  /** Whole ones; a read with a buffer may have taken the start of the first. */
  readonly #chunks: Chunk[] = [];
  /** What is being filled. */
  #slab: Chunk | null = null;
  #filled = 0;
  #length = 0;

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** Copies a piece. */
  push(piece: Piece): void {
    const { length } = piece;
    this.#length += length;
    for (let from = 0; from < length;) {
      const rest = length - from;
      if (!this.#slab && rest < LARGE && this.#chunks.length < MOST_SMALL) {
        const chunk = new Uint8Array(rest);
        piece.copyTo(chunk, from);
        this.#chunks.push(chunk);
        return;
      }
      const slab = this.#slab ??= spare.pop() ?? newSlab(), start = this.#filled;
      const part = Math.min(rest, SLAB - start);
      piece.copyTo(slab.subarray(start, start + part), from);
      this.#filled += part;
      if (this.#filled === SLAB) this.#chunks.push(this.#close(slab));
      from += part;
    }
  }

  #close(slab: Chunk): Chunk {
    this.#slab = null;
    this.#filled = 0;
    return slab;
  }

  /** Takes a chunk, which is the reader's from now on. There must be one. */
  take(): Chunk {
    const first = this.#chunks.shift() ?? this.#partOfSlab();
    const chunk = first.length === first.buffer.byteLength ? first : first.slice();
    this.#length -= chunk.length;
    native.hastenCollection?.(chunk.length);
    return chunk;
  }

  #partOfSlab(): Chunk {
    const slab = this.#slab as Chunk, chunk = slab.slice(0, this.#filled);
    recycle(this.#close(slab));
    return chunk;
  }

  /** Takes all, in one array that is good until the queue is used again. */
  takeAll(): Chunk {
    const single = !this.#slab && this.#chunks.length === 1 ? this.#chunks[0] : null;
    const all = single ?? new Uint8Array(this.#length);
    if (!single) this.fill(all);
    this.clear();
    return all;
  }

  /** Moves as much as fits to a reader's own buffer, and says how many bytes. */
  fill(room: Chunk): number {
    let filled = 0;
    while (filled < room.length && this.#length > 0) {
      if (this.#chunks.length === 0) {
        const end = this.#filled;
        this.#chunks.push(this.#close(this.#slab as Chunk).subarray(0, end));
      }
      const chunk = this.#chunks[0] as Chunk, part = chunk.subarray(0, room.length - filled);
      room.set(part, filled);
      filled += part.length;
      this.#length -= part.length;
      if (part.length < chunk.length) this.#chunks[0] = chunk.subarray(part.length);
      else recycle(this.#chunks.shift() as Chunk);
    }
    return filled;
  }

  /** Forgets all. */
  clear(): void {
    this.#chunks.length = this.#length = this.#filled = 0;
    this.#slab = null;
  }
}
