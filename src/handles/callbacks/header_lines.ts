/**
 * HEADERFUNCTION for curlew's own transfers. libcurl calls it for each line of a head. A line is
 * only copied behind those before it; the receiver gets them all at the end of the head.
 *
 * @module
 */

import type { Pointer } from "../../../ffi/mod.ts";
import type { AnyFunction } from "../base/callback_results.ts";
import { LineBlock } from "../base/line_block.ts";
import type { EasyState } from "../core/easy_state.ts";

/** Receives header lines. The methods run inside a libcurl callback; an exception ends it. */
export interface LineReceiver {
  /** Counts a line, by its length and first byte. Returns whether the lines are to be taken now. */
  isDue(length: number, first: number): boolean;
  /** Takes the lines since the last call, as latin-1 text. */
  take(lines: string): void;
}

/** Marks a HEADERFUNCTION that belongs to a {@linkcode HeaderLines}. */
const LINES: unique symbol = Symbol("header lines");

/** Passes the header lines of one handle to a receiver. */
export class HeaderLines {
  /** `null` while nobody needs the lines. */
  receiver: LineReceiver | null;
  /** The value for HEADERFUNCTION: not called, it leads to this object. */
  readonly option: (line: Uint8Array) => number;
  readonly #mark = true;

  constructor(receiver: LineReceiver) {
    this.receiver = receiver;
    this.option = Object.assign((line: Uint8Array) => line.length, { [LINES]: this });
  }

  /** The object to which a HEADERFUNCTION leads; `null` for one of the user. */
  static of(fn: AnyFunction): HeaderLines | null {
    const lines = (fn as { [LINES]?: unknown })[LINES];
    // a user's proxy may have any value for any key, but no object with this member
    const isOne = typeof lines === "object" && lines !== null && #mark in lines;
    return isOne ? lines as HeaderLines : null;
  }

  /** Adds a line of `length` bytes. Returns the result for libcurl. */
  add(state: EasyState, line: Pointer, length: number): number {
    const { receiver } = this;
    if (!receiver || length === 0) return length;
    const block = state.resources.lines ??= LineBlock.take();
    if (receiver.isDue(length, block.add(line, length))) pass(state, receiver, block.text);
    return length;
  }
}

function pass(state: EasyState, receiver: LineReceiver, lines: string): void {
  state.resources.dropLines();
  state.enterCallback();
  try {
    receiver.take(lines);
  } finally {
    state.leaveCallback();
  }
}
