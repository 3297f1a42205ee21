/**
 * The queue of a response body: bytes that have arrived and were not read yet.
 *
 * @module
 */

import { native } from "../../../ffi/mod.ts";
import { AHEAD, prefault } from "../../../ffi/prefault.ts";
import { Fifo } from "../../fifo.ts";
import type { Piece } from "../../handles/callbacks/piece.ts";
import { roomFor } from "../bytes.ts";

type Chunk = Uint8Array<ArrayBuffer>;

/**
 * The size of the first chunk: four of libcurl's largest pieces, since each read of the user has a
 * cost. Each full chunk that was read doubles the size of the next ones.
 */
const SLAB = 64 * 1024, MAX_SLAB = 256 * 1024;
/** A piece from this size on belongs to a large body and starts a slab. */
const LARGE = 8 * 1024;
/**
 * This many small pieces become chunks of their own; further ones are collected in a slab, since a
 * server that sends single bytes would make very many.
 */
const MAX_SMALL = 32;

/** Up to this size a loop copies a piece to its place faster than a view of that place is made. */
const TINY = 16;

/** Free slabs by their size. None of them was ever given to a reader. */
const spare = new Map<number, Chunk[]>();
/** The number of free slabs that are kept of each size. */
const MAX_SPARE = 4;

/** A slab, not zeroed: only bytes that were filled in are ever read from it. */
function slabOf(size: number): Chunk {
  return spare.get(size)?.pop() ?? roomFor(size);
}

function roomOrNull(size: number): Chunk | null {
  try {
    return roomFor(size);
  } catch {
    return null;
  }
}

function recycle({ buffer }: Chunk): void {
  const size = buffer.byteLength;
  if (size < SLAB) return; // a small piece
  const free = spare.get(size) ?? [];
  if (free.length < MAX_SPARE) free.push(new Uint8Array(buffer));
  spare.set(size, free);
}

/** Collects pieces in chunks of 64 to 256 KiB (slabs), which reads remove. */
export class BodyQueue {
  /** Complete chunks. A BYOB read may have taken the start of the first. */
  readonly #chunks = new Fifo<Chunk>();
  /** The slab that is being filled. */
  #slab: Chunk | null = null;
  #filled = 0;
  /** Up to where the system has provided the slab; `Infinity` for one of the usual size. */
  #provided = Infinity;
  /** The size of the next slab. Below `SLAB` it is the length of the whole body. */
  #size = SLAB;
  #length = 0;

  /** Makes an empty queue; `expected` is the length of the body, `null` if unknown. */
  constructor(expected: number | null = null) {
    if (expected !== null && expected > 0 && expected < SLAB) this.#size = expected;
  }

  /** The number of bytes in the queue. */
  get length(): number {
    return this.#length;
  }

  /** Adds a copy of a piece. */
  push(piece: Piece): void {
    const { length } = piece;
    this.#length += length;
    if (length <= TINY && this.#slab && length < this.#slab.length - this.#filled) {
      return this.#pushTiny(this.#slab, piece.peek(), length);
    }
    for (let from = 0; from < length;) {
      const rest = length - from;
      if (!this.#slab && this.#isChunk(rest)) {
        const chunk = new Uint8Array(rest);
        piece.copyTo(chunk, from);
        this.#chunks.push(chunk);
        return;
      }
      const slab = this.#slab ??= slabOf(this.#size), start = this.#filled;
      const count = Math.min(rest, slab.length - start);
      if (start + count > this.#provided) this.#provideMore(slab);
      piece.copyTo(slab.subarray(start, start + count), from);
      this.#filled += count;
      if (this.#filled === slab.length) this.#chunks.push(this.#detachSlab(slab));
      from += count;
    }
  }

  /** Has the system provide the next part of the array that {@linkcode reserve} has made. */
  #provideMore(slab: Chunk): void {
    const end = Math.min(this.#filled + AHEAD, slab.length);
    prefault(slab, this.#provided, end);
    this.#provided = end;
  }

  #pushTiny(slab: Chunk, bytes: Chunk, length: number): void {
    for (let i = 0; i < length; i++) slab[this.#filled + i] = bytes[i] as number;
    this.#filled += length;
  }

  /** Whether a piece becomes a chunk of its own instead of starting a slab. */
  #isChunk(length: number): boolean {
    if (this.#size < SLAB) return length === this.#size;
    return length < LARGE && this.#chunks.length < MAX_SMALL;
  }

  /** Adds a chunk, which the queue owns from then on. */
  add(chunk: Chunk): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  #detachSlab(slab: Chunk): Chunk {
    this.#slab = null;
    this.#filled = 0;
    this.#provided = Infinity;
    if (this.#size < SLAB) this.#size = SLAB;
    return slab;
  }

  /** Removes a chunk for a reader, which owns it from then on. The queue must not be empty. */
  take(): Chunk {
    const first = this.#chunks.shift() ?? this.#takeSlab();
    const chunk = first.length === first.buffer.byteLength ? first : first.slice();
    if (chunk.length === this.#size) this.#size = Math.min(2 * chunk.length, MAX_SLAB);
    this.#length -= chunk.length;
    native.hastenCollection?.(chunk.length);
    return chunk;
  }

  #takeSlab(): Chunk {
    const slab = this.#slab as Chunk, chunk = slab.slice(0, this.#filled);
    recycle(this.#detachSlab(slab));
    return chunk;
  }

  /**
   * Makes the bytes of the queue and the next ones, `size` in all, fill one array, if the runtime can
   * make one of that size.
   */
  reserve(size: number): void {
    if (size <= this.#length) return;
    const slab = roomOrNull(size);
    if (!slab) return;
    const filled = this.fill(slab);
    this.#slab = slab;
    this.#provided = filled;
    this.#length = this.#filled = filled;
  }

  /** Removes all bytes, as one array. */
  takeAll(): Chunk {
    const single = !this.#slab && this.#chunks.length === 1 ? this.#chunks.first : null;
    const all = single ?? roomFor(this.#length);
    if (!single) {
      prefault(all);
      this.fill(all);
    }
    this.clear();
    return all;
  }

  /** Moves as much as fits into the buffer of a BYOB read. Returns the number of bytes. */
  fill(room: Chunk): number {
    let filled = 0;
    while (filled < room.length && this.#length > 0) {
      if (this.#chunks.length === 0) {
        const end = this.#filled;
        this.#chunks.push(this.#detachSlab(this.#slab as Chunk).subarray(0, end));
      }
      const chunk = this.#chunks.first as Chunk, part = chunk.subarray(0, room.length - filled);
      room.set(part, filled);
      filled += part.length;
      this.#length -= part.length;
      if (part.length < chunk.length) this.#chunks.replaceFirst(chunk.subarray(part.length));
      else recycle(this.#chunks.shift() as Chunk);
    }
    return filled;
  }

  /** Drops all bytes. */
  clear(): void {
    this.#chunks.clear();
    this.#length = this.#filled = 0;
    this.#provided = Infinity;
    this.#slab = null;
  }
}
