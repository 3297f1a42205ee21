/**
 * Where `send`, `recv`, `wsSend` and `wsRecv` have libcurl read and write. The user's own bytes never
 * reach C there: a callback of the call may detach their buffer.
 *
 * @module
 */

import type { EasyState } from "../core/easy_state.ts";

/** TLS wants the same bytes at the same place where it could not send them all at first. */
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

/** A place that nobody else has while the call runs: one call may be made inside another. */
export function receiveBlock(length: number): Uint8Array<ArrayBuffer> {
  const block = spare;
  spare = null;
  return block && block.length >= length
    ? block
    : new Uint8Array(new ArrayBuffer(Math.max(length, SPARE_BLOCK)));
}

/** Gives the user what came, and the block back. */
export function fillFromBlock(
  target: Uint8Array,
  block: Uint8Array<ArrayBuffer>,
  count: number,
): void {
  if (block.length === SPARE_BLOCK) spare = block;
  target.set(block.subarray(0, count));
}
