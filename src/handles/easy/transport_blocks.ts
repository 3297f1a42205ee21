/**
 * The blocks of memory that libcurl reads and writes in `send`, `recv`, `wsSend` and `wsRecv`. C
 * never gets the user's own bytes, since a callback during the call may detach their buffer.
 *
 * @module
 */

import type { EasyState } from "../core/easy_state.ts";

/**
 * Copies bytes to the handle's block for sending. Where TLS could not send all bytes at first, the
 * next call must pass the same bytes at the same address.
 */
export function sendBlock(state: EasyState, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const last = state.sendBlock;
  const block = last && last.length >= data.length
    ? last
    : new Uint8Array(new ArrayBuffer(Math.max(data.length, 1024)));
  block.set(data);
  return state.sendBlock = block;
}

const SPARE_BLOCK = 64 * 1024;
let spare: Uint8Array<ArrayBuffer> | null = null;

/** A block for one call. Calls may nest, so each takes its own block. */
export function receiveBlock(length: number): Uint8Array<ArrayBuffer> {
  const block = spare;
  spare = null;
  return block && block.length >= length
    ? block
    : new Uint8Array(new ArrayBuffer(Math.max(length, SPARE_BLOCK)));
}

/** Copies received bytes to the user's buffer, and returns the block for the next call. */
export function fillFromBlock(
  target: Uint8Array,
  block: Uint8Array<ArrayBuffer>,
  count: number,
): void {
  if (block.length === SPARE_BLOCK) spare = block;
  target.set(block.subarray(0, count));
}
