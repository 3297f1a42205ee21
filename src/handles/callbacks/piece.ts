/**
 * WRITEFUNCTION without a copy, for curlew's own callbacks in the rooms above: the callback gets a
 * reference to libcurl's buffer, and copies the bytes once, to their final place.
 *
 * @module
 */

import { copyIn } from "../../../ffi/memory.ts";
import { native, type Pointer } from "../../../ffi/mod.ts";
import type { AnyFunction } from "../base/callback_results.ts";
import type { TappedBytes } from "../core/easy_state.ts";

/** Bytes in libcurl's buffer, valid until the callback returns. */
export interface Piece {
  /** How many bytes there are. */
  readonly length: number;
  /** Copies the bytes to the start of a shared array, which the next call overwrites. */
  peek(): Uint8Array<ArrayBuffer>;
  /** Fills `target` with the bytes from offset `from` on, of which there must be enough. */
  copyTo(target: Uint8Array<ArrayBuffer>, from?: number): void;
}

let scratch = new Uint8Array(1024);

class NativePiece implements Piece {
  length = 0;
  at: Pointer = null;

  peek(): Uint8Array<ArrayBuffer> {
    if (this.length > scratch.length) scratch = new Uint8Array(2 * this.length);
    copyIn(scratch, this.at, this.length);
    return scratch;
  }

  copyTo(target: Uint8Array<ArrayBuffer>, from = 0): void {
    const source = from === 0 ? this.at : native.pointer(native.address(this.at) + from);
    copyIn(target, source, target.length);
  }
}

const piece = new NativePiece(), tapped = new NativePiece();

/** The piece at an address. All calls return the same object, which the next call changes. */
export function pieceAt(at: Pointer, length: number): Piece {
  piece.at = at;
  piece.length = length;
  return piece;
}

/** The same for taps: an object of its own, since libcurl traces inside other callbacks. */
export function tappedAt(at: Pointer, length: number): TappedBytes {
  tapped.at = at;
  tapped.length = length;
  return tapped;
}

/**
 * Marks the callbacks that take a piece instead of an array. The value of the mark is an object of
 * this file: a user's proxy, which may have a value for any key, cannot have this one.
 */
const TAKES_PIECE: unique symbol = Symbol("takes a piece");
const MARK = {};

/** Makes a WRITEFUNCTION that takes a {@linkcode Piece}. */
export function onPiece(take: (piece: Piece) => number): (bytes: Uint8Array) => number {
  return Object.assign(take, { [TAKES_PIECE]: MARK }) as unknown as (bytes: Uint8Array) => number;
}

/** Whether a callback was made by {@linkcode onPiece}. */
export function takesPiece(fn: AnyFunction): boolean {
  return (fn as { [TAKES_PIECE]?: unknown })[TAKES_PIECE] === MARK;
}
