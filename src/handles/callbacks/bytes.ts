/**
 * The callbacks that carry bytes, on the path of every transfer: write, read, header, interleave.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { libc } from "../../../ffi/libc.ts";
import { copyIn, copyOut } from "../../../ffi/memory.ts";
import type { NonNullPointer, Pointer } from "../../../ffi/mod.ts";
import { giveBufferBack, takeBuffer } from "../base/callback_buffers.ts";
import { standardOutput } from "../base/standard_output.ts";
import { type AnyFunction, toInt } from "../base/callback_results.ts";
import { viewLength } from "../base/views.ts";
import { type EasyState, easyTokens } from "../core/easy_state.ts";
import type { CallbackKind } from "./dispatch.ts";
import { pieceAt, takesPiece } from "./piece.ts";

const { CURL_WRITEFUNC_ERROR, CURL_READFUNC_ABORT, CURLPAUSE_RECV, CURLPAUSE_SEND } = flags;
/** CURL_WRITEFUNC_PAUSE and CURL_READFUNC_PAUSE. */
const PAUSE = flags.CURL_READFUNC_PAUSE;

/** A native callback that gives the user the bytes at an address: write, header, interleave. */
export function onBytes(
  kind: CallbackKind,
): (ptr: Pointer, size: number, nmemb: number, token: number) => number {
  return (ptr, size, nmemb, token) => {
    const state = easyTokens.get(token), fn = state?.settings.functions.get(kind.id);
    if (!state || state.run.failed) return CURL_WRITEFUNC_ERROR;
    const length = size * nmemb;
    if (!fn) return withoutFunction(state, ptr, length);
    state.enter();
    try {
      if (kind.name === "WRITEFUNCTION" && waits(state, length)) return PAUSE;
      const result = takesPiece(fn)
        ? fn(pieceAt(ptr, length))
        : callWithBytes(fn, ptr, length, state.settings.data.get(kind.dataId));
      const taken = toInt(result, kind.name) >>> 0;
      if (taken === PAUSE) state.paused |= CURLPAUSE_RECV;
      return taken;
    } catch (error) {
      state.threw(error);
      return CURL_WRITEFUNC_ERROR;
    } finally {
      state.leave();
    }
  };
}

/** Gives the user a copy of the bytes, which is good until the function returns. */
function callWithBytes(fn: AnyFunction, ptr: Pointer, length: number, data: unknown): unknown {
  const slab = takeBuffer(length, null);
  try {
    copyIn(slab, ptr, length);
    return fn(slab, data);
  } finally {
    giveBufferBack();
  }
}

/**
 * Where the handle has no WRITEFUNCTION: in an agent the bytes are dropped, and a blocking transfer
 * writes them to C's standard output, as libcurl itself does.
 */
function withoutFunction(state: EasyState, ptr: Pointer, length: number): number {
  if (state.multi?.observer) return length;
  return Number(libc.fwrite(ptr, 1n, BigInt(length), standardOutput()));
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
    if (!state || state.run.failed) return CURL_READFUNC_ABORT;
    if (!fn) return 0; // an upload without a source is empty: libcurl would block on standard input
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
    return CURL_READFUNC_ABORT;
  }
  const slab = takeBuffer(room, state);
  state.enter();
  try {
    const length = toInt(read(slab), name);
    if (length === PAUSE) state.paused |= CURLPAUSE_SEND;
    if (length === CURL_READFUNC_ABORT || length === PAUSE) return length;
    if (length < 0 || length > viewLength(slab)) {
      throw new RangeError(`The ${name} returned ${length}, its buffer has ${room} bytes`);
    }
    copyOut(ptr as NonNullPointer, slab, length);
    return length;
  } catch (error) {
    state.threw(error);
    return CURL_READFUNC_ABORT;
  } finally {
    state.leave();
    giveBufferBack();
  }
}
