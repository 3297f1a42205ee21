/**
 * libcurl's WebSocket functions: {@link https://curl.se/libcurl/c/libcurl-ws.html}.
 *
 * @module
 */

import { flags as curl } from "../../../ffi/curl/flags.ts";
import { copyIn, result } from "../../../ffi/memory.ts";
import { library, native, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError, CurlLoadError } from "../../errors.ts";
import { versionInfo } from "../../version.ts";
import type { EasyState } from "../core/easy_state.ts";
import { bytes, integer, word } from "../base/arguments.ts";
import { fillFromBlock, receiveBlock, sendBlock } from "./transport_blocks.ts";

/** Describes a piece of a frame: `struct curl_ws_frame`. */
export interface WsFrame {
  /** The kind of the frame, `CURLWS_*` bits. */
  readonly flags: number;
  /** The offset of this piece in the frame, in bytes. */
  readonly offset: number;
  /** How many bytes of the frame come after this piece. */
  readonly bytesleft: number;
  /** The length of this piece in bytes. */
  readonly len: number;
}

/** Makes a call on an open handle, and throws the error for its code. */
export type Caller = (what: string, call: (easy: NonNullPointer) => number) => void;

let hasWebSocket: boolean | undefined;

/**
 * Throws `CurlLoadError` where the library has no WebSocket. Its functions may exist without it, so
 * the list of protocols decides.
 */
export function requireWebSocket(call: string): void {
  hasWebSocket ??= versionInfo().protocols.includes("ws");
  if (hasWebSocket) return;
  const { version, path } = library();
  throw new CurlLoadError(
    `Cannot ${call}: it needs a libcurl with WebSocket, as 8.11 and newer usually have it; ` +
      `"${path}", version ${version}, was built without`,
  );
}

/** Sends a frame or a piece of a frame; returns how many bytes of the payload were taken. */
export function sendFrame(
  state: EasyState,
  call: Caller,
  data: unknown,
  flags: number,
  size: number | bigint,
): number {
  requireWebSocket("call wsSend()");
  const payload = bytes("what to send", data), bits = word("the flags of a frame", flags) >>> 0;
  const total = Number(integer("the size of a frame", size));
  if ((bits & curl.CURLWS_OFFSET) && total > 0 && payload.length > total) {
    throw new CurlEasyError(
      Code.BAD_FUNCTION_ARGUMENT,
      `Cannot send ${payload.length} bytes of a frame of ${total}`,
    );
  }
  const block = sendBlock(state, payload);
  let sent = 0;
  call("send a frame", (easy) => {
    const { curl_ws_send } = library().symbols;
    result.i64[0] = 0n;
    const code = curl_ws_send(easy, block, payload.length, result.i32, total, bits);
    sent = result.integer();
    return code;
  });
  return sent;
}

/** Where C stores the address of a `struct curl_ws_frame`, and a copy of one. */
const frameAddress = new BigInt64Array(new ArrayBuffer(8));
const frameAt = new Int32Array(frameAddress.buffer);
const frameBytes = new Uint8Array(new ArrayBuffer(32));
const frameView = new DataView(frameBytes.buffer);

/** Receives a piece of a frame. */
export function receiveFrame(call: Caller, buffer: unknown): WsFrame {
  requireWebSocket("call wsRecv()");
  const target = bytes("the buffer", buffer), block = receiveBlock(target.length);
  let frame: WsFrame | null = null;
  call("receive a frame", (easy) => {
    const { curl_ws_recv } = library().symbols;
    result.i64[0] = frameAddress[0] = 0n;
    const code = curl_ws_recv(easy, block, target.length, result.i32, frameAt);
    if (code === Code.OK) {
      frame = readFrame(native.pointer(Number(frameAddress[0])), result.integer());
    }
    return code;
  });
  const length = (frame as WsFrame | null)?.len ?? 0;
  fillFromBlock(target, block, length);
  if (frame) return frame;
  throw new CurlEasyError(Code.RECV_ERROR, "libcurl has not described the frame");
}

/**
 * Reads a `struct curl_ws_frame`: int age @0, flags @4; curl_off_t offset @8, bytesleft @16;
 * size_t len @24 since 7.87.
 */
function readFrame(pointer: Pointer, len: number): WsFrame | null {
  if (pointer === null) return null;
  copyIn(frameBytes, pointer, 24);
  return {
    flags: frameView.getInt32(4, true),
    offset: Number(frameView.getBigInt64(8, true)),
    bytesleft: Number(frameView.getBigInt64(16, true)),
    len,
  };
}

/** The frame of which the WRITEFUNCTION gets a piece; `null` outside of a WRITEFUNCTION. */
export function currentFrame(state: EasyState): WsFrame | null {
  requireWebSocket("call wsMeta()");
  const pointer = library().symbols.curl_ws_meta(state.pointer);
  if (pointer === null) return null;
  copyIn(frameBytes, pointer, 32);
  const len = Number(frameView.getBigInt64(24, true));
  return readFrame(pointer, len);
}

/** Begins a frame in a READFUNCTION. */
export function startFrame(call: Caller, flags: number, size: number | bigint): void {
  requireWebSocket("call wsStartFrame()");
  const bits = word("the flags of a frame", flags) >>> 0;
  const total = Number(integer("the size of a frame", size));
  const { curl_ws_start_frame } = library().symbols;
  call("start a frame", (easy) => curl_ws_start_frame(easy, bits, total));
}
