/**
 * The callbacks that carry bytes, on the path of every transfer: write, read, header, interleave.
 *
 * @module
 */

import { copyIn, copyOut } from "../../../ffi/memory.ts";
import type { NonNullPointer, Pointer } from "../../../ffi/mod.ts";
import { type AnyFunction, toInt } from "../base/callback_results.ts";
import { type EasyState, easyTokens } from "../core/easy_state.ts";
import type { CallbackKind } from "./dispatch.ts";
import { pieceAt, takesPiece } from "./piece.ts";
import { enterSlab, leaveSlab, slabLength } from "../base/callback_buffers.ts";

const WRITE_ERROR = 0xffffffff;
/** CURL_READFUNC_ABORT. */
export const READ_ABORT = 0x10000000;
/** CURL_WRITEFUNC_PAUSE and CURL_READFUNC_PAUSE. */
export const PAUSE = 0x10000001;
const CURLPAUSE_RECV = 1, CURLPAUSE_SEND = 4;

/** A native callback that gives the user the bytes at an address: write, header, interleave. */
export function onBytes(
  kind: CallbackKind,
): (ptr: Pointer, size: number, nmemb: number, token: number) => number {
  return (ptr, size, nmemb, token) => {
    const state = easyTokens.get(token), fn = state?.settings.functions.get(kind.id);
    if (!state || !fn) return WRITE_ERROR;
    const length = size * nmemb;
    if (kind.name === "WRITEFUNCTION" && waits(state, length)) return PAUSE;
    state.enter();
    try {
      const result = takesPiece(fn)
        ? fn(pieceAt(ptr, length))
        : callWithBytes(fn, ptr, length, state.settings.data.get(kind.dataId));
      const taken = toInt(result, kind.name) >>> 0;
      if (taken === PAUSE) state.paused |= CURLPAUSE_RECV;
      return taken;
    } catch (error) {
      state.threw(error);
      return WRITE_ERROR;
    } finally {
      state.leave();
    }
  };
}

/** Gives the user a copy of the bytes, which is good until the function returns. */
function callWithBytes(fn: AnyFunction, ptr: Pointer, length: number, data: unknown): unknown {
  const slab = enterSlab(length);
  try {
    copyIn(slab, ptr, length);
    return fn(slab, data);
  } finally {
    leaveSlab();
  }
}

/** Whether it is the turn of others. */
function waits(state: EasyState, length: number): boolean {
  return state.multi?.observer?.mustWait(state, length) ?? false;
}

/** The native READFUNCTION: the user fills a buffer, which is copied to C. */
export function onRead(
  kind: CallbackKind,
): (ptr: Pointer, size: number, nmemb: number, token: number) => number {
  return (ptr, size, nmemb, token) => {
    const state = easyTokens.get(token), fn = state?.settings.functions.get(kind.id);
    if (!state || !fn) return READ_ABORT;
    const read = (buffer: Uint8Array) => fn(buffer, state.settings.data.get(kind.dataId));
    return fillFrom(state, ptr, size * nmemb, kind.name, read);
  };
}

/** Has a function of the user fill `room` bytes at an address, which is what C wants to send. */
export function fillFrom(
  state: EasyState,
  ptr: Pointer,
  room: number,
  name: string,
  read: (buffer: Uint8Array<ArrayBuffer>) => unknown,
): number {
  if (state.trailed) {
    state.threw(state.trailedError()); // a redirect after the trailers
    return READ_ABORT;
  }
  const slab = enterSlab(room);
  state.enter();
  try {
    const length = toInt(read(slab), name);
    if (length === PAUSE) state.paused |= CURLPAUSE_SEND;
    if (length === READ_ABORT || length === PAUSE) return length;
    if (length < 0 || length > slabLength(slab)) {
      throw new RangeError(`The ${name} returned ${length}, its buffer has ${room} bytes`);
    }
    copyOut(ptr as NonNullPointer, slab, length);
    return length;
  } catch (error) {
    state.threw(error);
    return READ_ABORT;
  } finally {
    state.leave();
    leaveSlab();
  }
}
