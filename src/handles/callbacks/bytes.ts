/**
 * The native WRITEFUNCTION, HEADERFUNCTION, INTERLEAVEFUNCTION and READFUNCTION, which run for the
 * bytes of every transfer.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { libc } from "../../../ffi/libc.ts";
import { copyIn, copyOut } from "../../../ffi/memory.ts";
import type { NonNullPointer, Pointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { giveBufferBack, roomOf, takeBuffer } from "../base/callback_buffers.ts";
import { standardOutput } from "../base/standard_output.ts";
import { type AnyFunction, toInt } from "../base/callback_results.ts";
import { isFill } from "../base/input_file.ts";
import { viewLength } from "../base/views.ts";
import { type EasyState, easyTokens } from "../core/easy_state.ts";
import type { CallbackKind } from "./dispatch.ts";
import { pieceAt, takesPiece, tappedAt } from "./piece.ts";
import { HeaderLines } from "./header_lines.ts";
import { MAY_WAIT_FOR_100, noteStatusLine } from "./unsent_body.ts";
import { promisedRest, shortBody } from "./promised_length.ts";

const { CURL_WRITEFUNC_ERROR, CURL_READFUNC_ABORT, CURLPAUSE_RECV, CURLPAUSE_SEND } = flags;
/** CURL_WRITEFUNC_PAUSE and CURL_READFUNC_PAUSE, which are the same number. */
const PAUSE = flags.CURL_READFUNC_PAUSE;

/** Makes a native callback that passes received bytes: write, interleave, a user's header. */
export function onBytes(
  kind: CallbackKind,
): (ptr: Pointer, size: number, nmemb: number, token: number) => number {
  return (ptr, size, nmemb, token) => {
    const state = easyTokens.get(token), fn = state?.settings.functions.get(kind.id);
    if (!state || state.run.failed) return CURL_WRITEFUNC_ERROR;
    const length = size * nmemb;
    if (!fn) {
      if (state.taps) tell(state, kind, ptr, length);
      return withoutFunction(state, ptr, length);
    }
    state.enterCallback();
    try {
      if (kind.name === "WRITEFUNCTION" && mustWait(state, length)) return PAUSE;
      const taken = takesPiece(fn)
        ? fn(pieceAt(ptr, length)) as number
        : takenBy(callWithBytes(state, kind, fn, ptr, length), state, kind, length);
      if (taken === PAUSE) state.paused |= CURLPAUSE_RECV;
      if (state.taps && taken === length) tell(state, kind, ptr, length);
      return taken;
    } catch (error) {
      state.recordThrown(error);
      return CURL_WRITEFUNC_ERROR;
    } finally {
      state.leaveCallback();
    }
  };
}

/**
 * The result of a user's function for C. For another number than that of its bytes libcurl ends the
 * transfer, with a text that does not name the function: the recorded error does.
 */
function takenBy(result: unknown, state: EasyState, { name }: CallbackKind, length: number) {
  const given = toInt(result, name), taken = given >>> 0;
  if (taken !== length && taken !== PAUSE && taken !== CURL_WRITEFUNC_ERROR) {
    const text = `The ${name} returned ${given}, it was given ${length} bytes`;
    // not a RangeError: no function has thrown, and `node_libcurl` would throw what one has thrown
    state.recordThrown(new CurlEasyError(Code.WRITE_ERROR, text));
  }
  return taken;
}

/** Makes the native HEADERFUNCTION. Lines for curlew itself are collected: `header_lines.ts`. */
export function onHeader(
  kind: CallbackKind,
): (ptr: Pointer, size: number, nmemb: number, token: number) => number {
  const pass = onBytes(kind);
  return (ptr, size, nmemb, token) => {
    const state = easyTokens.get(token), fn = state?.settings.functions.get(kind.id);
    if (!state || state.run.failed) return pass(ptr, size, nmemb, token);
    try {
      if (state.settings.reuseRisks & MAY_WAIT_FOR_100) noteStatusLine(state, ptr, size * nmemb);
      if (!fn) return size * nmemb; // nobody but curlew itself needs the lines
      const lines = HeaderLines.of(fn);
      return lines ? lines.add(state, ptr, size * nmemb) : pass(ptr, size, nmemb, token);
    } catch (error) {
      state.recordThrown(error);
      return CURL_WRITEFUNC_ERROR;
    }
  };
}

/** Passes a piece of the body to the taps. */
function tell({ taps }: EasyState, { name }: CallbackKind, ptr: Pointer, length: number): void {
  if (name !== "WRITEFUNCTION") return;
  for (const tap of taps ?? []) tap.body(tappedAt(ptr, length));
}

/** Calls a function of the user with a copy of the bytes, which is valid during the call only. */
function callWithBytes(
  { settings }: EasyState,
  { dataId }: CallbackKind,
  fn: AnyFunction,
  ptr: Pointer,
  length: number,
): unknown {
  const buffer = takeBuffer(length, null);
  try {
    copyIn(buffer, ptr, length);
    return fn(buffer, settings.data.get(dataId));
  } finally {
    giveBufferBack();
  }
}

/**
 * Handles bytes for which the user has set no function: an agent drops them, any other transfer
 * writes them to C's standard output, as libcurl itself does.
 */
function withoutFunction(state: EasyState, ptr: Pointer, length: number): number {
  if (state.multi?.observer) return length;
  return Number(libc.fwrite(ptr, 1n, BigInt(length), standardOutput()));
}

/** Whether the driver wants the transfer to pause before it receives these bytes. */
function mustWait(state: EasyState, length: number): boolean {
  return state.multi?.observer?.mustWait(state, length) ?? false;
}

/**
 * Makes the native READFUNCTION: the user fills a buffer, which is copied to C memory, and a file of
 * curlew's own is read into C memory.
 */
export function onRead(
  kind: CallbackKind,
): (ptr: Pointer, size: number, nmemb: number, token: number) => number {
  return (ptr, size, nmemb, token) => {
    const state = easyTokens.get(token), fn = state?.settings.functions.get(kind.id);
    if (!state || state.run.failed) return CURL_READFUNC_ABORT;
    if (!fn) return 0; // an empty upload: libcurl itself would block on standard input
    const read = (buffer: Uint8Array) => fn(buffer, state.settings.data.get(kind.dataId));
    const rest = promisedRest(state), room = Math.min(size * nmemb, rest);
    if (room === 0) return 0;
    const length = isFill(fn)
      ? fillGuarded(state, () => fn(ptr as NonNullPointer, room))
      : fillFrom(state, ptr, room, kind.name, read);
    if (length <= room) state.run.bytesRead += length; // otherwise the transfer pauses or ends
    if (length > 0 || rest === Infinity) return length;
    state.run.ownError = shortBody(state, rest);
    return CURL_READFUNC_ABORT;
  };
}

/**
 * Calls `read`, which runs a function of the user, for up to `room` bytes to send, and copies them
 * to `ptr`. Returns the result for libcurl; `name` is the function's name in an error message.
 */
export function fillFrom(
  state: EasyState,
  ptr: Pointer,
  room: number,
  name: string,
  read: (buffer: Uint8Array<ArrayBuffer>) => unknown,
): number {
  return fillGuarded(state, () => {
    const buffer = takeBuffer(room, state);
    try {
      const length = toInt(read(buffer), name);
      if (length === CURL_READFUNC_ABORT || length === PAUSE) return length;
      if (length < 0 || length > viewLength(buffer)) {
        throw new RangeError(`The ${name} returned ${length}, ${roomOf(buffer, room)}`);
      }
      copyOut(ptr as NonNullPointer, buffer, length);
      return length;
    } finally {
      giveBufferBack();
    }
  });
}

/** Calls `fill`, which gives bytes to send. Returns the result for libcurl. */
export function fillGuarded(state: EasyState, fill: () => number): number {
  if (state.trailersSent) {
    state.recordThrown(state.trailersSentError()); // a redirect uploads again after the trailers
    return CURL_READFUNC_ABORT;
  }
  state.enterCallback();
  try {
    const length = fill();
    if (length === PAUSE) state.paused |= CURLPAUSE_SEND;
    return length;
  } catch (error) {
    state.recordThrown(error);
    return CURL_READFUNC_ABORT;
  } finally {
    state.leaveCallback();
  }
}
