/**
 * Bytes that libcurl hands over, for a callback of the other rooms: they copy them to where they
 * are to stay, at once and only there.
 *
 * @module
 */

import { copyIn } from "../../../ffi/memory.ts";
import { native, type Pointer } from "../../../ffi/mod.ts";
import type { AnyFunction } from "../base/callback_results.ts";

/** See the module. */
export interface Piece {
  /** How many bytes there are. */
  readonly length: number;
  /** The bytes at the start of an array that is good until the next call of it. */
  peek(): Uint8Array<ArrayBuffer>;
  /** Fills an array with the bytes from there on, of which there must be as many. */
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

const piece = new NativePiece();

/** The bytes at an address; good until it is called again. */
export function pieceAt(at: Pointer, length: number): Piece {
  piece.at = at;
  piece.length = length;
  return piece;
}

/** Marks the callbacks that take a piece instead of an array, by a value that no proxy can guess. */
const TAKES_PIECE: unique symbol = Symbol("takes a piece");
const MARK = {};

/** A WRITEFUNCTION or HEADERFUNCTION that takes a {@linkcode Piece}. */
export function onPiece(take: (piece: Piece) => number): (bytes: Uint8Array) => number {
  return Object.assign(take, { [TAKES_PIECE]: MARK }) as unknown as (bytes: Uint8Array) => number;
}

/** Whether a callback is one of {@linkcode onPiece}. */
export function takesPiece(fn: AnyFunction): boolean {
  return (fn as { [TAKES_PIECE]?: unknown })[TAKES_PIECE] === MARK;
}
