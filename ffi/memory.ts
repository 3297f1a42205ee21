/**
 * C memory: blocks, strings, structs, and the place for results. Every block is counted from its
 * allocation to its release, so that a test can see a leak.
 *
 * @module
 */

import { latin1 } from "./c_text.ts";
import { libc } from "./libc.ts";
import type { NonNullPointer, Pointer } from "./native.ts";
import { native } from "./runtime.ts";

/** How many blocks, lists and native callbacks are alive on this thread. */
export const live: { blocks: number; lists: number; callbacks: number } = {
  blocks: 0,
  lists: 0,
  callbacks: 0,
};

/** Allocates a block of C memory. Throws `RangeError` where there is none. */
export function allocate(size: number): NonNullPointer {
  const block = libc.malloc(BigInt(Math.max(size, 1)));
  if (block === null) throw new RangeError(`Cannot allocate ${size} bytes`);
  live.blocks++;
  return block;
}

/** Frees a block of {@linkcode allocate}. */
export function release(block: NonNullPointer): void {
  live.blocks--;
  libc.free(block);
}

/**
 * A `size_t` or an address in the form that the runtime passes on fastest; the other form takes 0.1
 * µs more.
 */
const size: (length: number) => number | bigint = native.runtime === "deno"
  ? BigInt
  : (length) => length;

/** Copies JS bytes to C memory that is at least as long. */
export function copyOut(
  target: NonNullPointer,
  bytes: Uint8Array<ArrayBuffer>,
  length: number = bytes.length,
): void {
  if (length > 0) libc.memcpy_out(target, bytes, size(length));
}

/** Copies `length` bytes of C memory to the start of `target`, which must be as long. */
export function copyIn(target: Uint8Array<ArrayBuffer>, source: Pointer, length: number): void {
  if (length > 0) libc.memcpy_in(target, source, size(length));
}

/** Copies C memory to the address of other C memory, which must be as long. */
export function copyBlock(target: number, source: Pointer, length: number): void {
  if (length > 0) libc.memcpy_at(size(target), source, size(length));
}

/** A new array with a copy of C memory. */
export function bytesAt(source: Pointer, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  if (source !== null) copyIn(bytes, source, length);
  return bytes;
}

/** A new block of C memory with a copy of `bytes`. */
export function allocateBytes(bytes: Uint8Array<ArrayBuffer>): NonNullPointer {
  const block = allocate(bytes.length);
  copyOut(block, bytes);
  return block;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const scratch = new Uint8Array(16 * 1024);

/** A value that becomes a C string: text, as UTF-8, or bytes, unchanged. */
export type CText = string | Uint8Array;

/**
 * A NUL-terminated string for one call: the next call of this function overwrites it. The caller
 * has checked that it contains no NUL.
 */
export function cString(text: CText): Uint8Array<ArrayBuffer> {
  if (typeof text !== "string") return withNul(text);
  // a UTF-16 unit is three bytes of UTF-8 at most
  if (text.length * 3 >= scratch.length) return encoder.encode(text + "\0");
  const { written } = encoder.encodeInto(text, scratch);
  scratch[written] = 0;
  return scratch;
}

/** A copy of bytes with a NUL after them. */
export function withNul(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const ended = new Uint8Array(bytes.length + 1);
  ended.set(bytes);
  return ended;
}

/** A NUL-terminated string at an address as latin-1, one character for each byte. */
export function latin1At(source: NonNullPointer): string {
  const text = native.string(source) ?? "";
  if (/^[\0-\x7f]*$/.test(text)) return text; // ASCII is the same in both
  return latin1(bytesAt(source, Number(libc.strlen(source))));
}

/** Encodes text as UTF-8. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Decodes `length` bytes of UTF-8 at an address. */
export function textAt(source: Pointer, length: number): string {
  return decoder.decode(bytesAt(source, length));
}

/** A 64-bit integer, from its two halves, as a number: a bigint would cost more than the C call. */
export function integerOf(halves: Int32Array, at: number): number {
  return (halves[at + 1] as number) * 0x100000000 + ((halves[at] as number) >>> 0);
}

/** Memory where C stores a result, which the next call may overwrite. */
class Result {
  readonly #bytes = new ArrayBuffer(32);
  /** The memory as `int`s. */
  readonly i32: Int32Array<ArrayBuffer> = new Int32Array(this.#bytes);
  /** The memory as `unsigned`s. */
  readonly u32: Uint32Array<ArrayBuffer> = new Uint32Array(this.#bytes);
  /** The memory as `double`s. */
  readonly f64: Float64Array<ArrayBuffer> = new Float64Array(this.#bytes);
  /** The memory as `curl_off_t`s. */
  readonly i64: BigInt64Array<ArrayBuffer> = new BigInt64Array(this.#bytes);

  /** Sets the first 64 bits to zero; a bigint would cost more than the C call. */
  clear(): void {
    this.i32[0] = this.i32[1] = 0;
  }

  /** The stored 64-bit integer as a number. */
  integer(): number {
    return integerOf(this.i32, 0);
  }

  /** The stored address as a number, 0 for NULL. */
  address(): number {
    return (this.u32[1] as number) * 0x100000000 + (this.u32[0] as number);
  }

  /** The stored address. */
  pointer(): Pointer {
    return native.pointer(this.address());
  }
}

/** The memory for results of this thread. */
export const result: Result = new Result();

/** A view on the fields of a C struct, invalid as soon as C frees the struct. */
export class Struct {
  readonly #view: DataView;

  /** Makes a view on `size` bytes at `address`. */
  constructor(address: NonNullPointer, size: number) {
    const bytes = native.view(address, size);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, size);
  }

  /** A 32-bit integer. */
  i32(offset: number): number {
    return this.#view.getInt32(offset, true);
  }

  /** A 64-bit integer, exact up to 2^53. */
  i64(offset: number): number {
    return Number(this.#view.getBigInt64(offset, true));
  }

  /** An address as a number. */
  address(offset: number): number {
    return Number(this.#view.getBigUint64(offset, true));
  }

  /** An address. */
  pointer(offset: number): Pointer {
    return native.pointer(this.address(offset));
  }

  /** A `char *`, `null` for NULL. */
  string(offset: number): string | null {
    return native.string(this.pointer(offset));
  }

  /** Writes a byte. */
  setU8(offset: number, value: number): void {
    this.#view.setUint8(offset, value);
  }

  /** Writes a 32-bit integer. */
  setI32(offset: number, value: number): void {
    this.#view.setInt32(offset, value, true);
  }

  /** Writes a 64-bit integer or an address. */
  setI64(offset: number, value: number): void {
    this.#view.setBigInt64(offset, BigInt(value), true);
  }
}
