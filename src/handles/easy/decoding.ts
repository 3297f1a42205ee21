/**
 * How far libcurl unpacks the body of a response. Where a WRITEFUNCTION pauses the transfer,
 * libcurl continues to unpack all that it has read from the socket. It keeps up to 64 MiB of the
 * result, and fails beyond that. So the driver and `fetch` may pause during unpacking only where
 * one read cannot unpack to more, and must take all kept bytes when they resume. In all other cases
 * they take the bytes, and pause the transfer after libcurl has returned.
 *
 * @module
 */

import { library } from "../../../ffi/mod.ts";
import type { BodyReceiver, EasyState } from "../core/easy_state.ts";
import type { Decoding } from "../core/transfer_run.ts";
import { readHeaders } from "./headers.ts";

/**
 * `DYN_PAUSE_BUFFER`: how many bytes libcurl keeps for a transfer that its WRITEFUNCTION has
 * paused.
 */
export const KEPT_BYTES: number = 64 * 1024 * 1024;

/** Deflate by all its names. A few bytes of brotli or zstd may unpack to any length. */
const DEFLATE: ReadonlySet<string> = new Set(["deflate", "gzip", "x-gzip"]);
/** The most that a byte of deflate unpacks to: a match of 258 bytes takes two bits at least. */
const DEFLATE_RATIO = 1032;

/**
 * Whether the WRITEFUNCTION of a transfer may return CURL_WRITEFUNC_PAUSE for a reason of curlew,
 * not of the user. To be called inside the WRITEFUNCTION.
 */
export function keepsRest(state: EasyState): boolean {
  const { run } = state;
  const decoding = run.decoding ??= decodingOf(state);
  return decoding === "none" || (decoding === "bounded" && !run.resuming);
}

function decodingOf(state: EasyState): Decoding {
  const { receive } = state.settings;
  if (receive.transferEncoding) return "unbounded";
  if (!receive.acceptsEncoding || !receive.contentDecoding) return "none";
  const receiver = state.receiver?.() ?? receiverOf(state);
  if (receiver === null) return "unbounded"; // the encoding is unknown
  const names = receiver.contentEncoding.toLowerCase().split(",");
  const layers = names.map((name) => name.trim()).filter(isPacked);
  if (layers.length === 0) return "none";
  const isDeflate = layers.length === 1 && DEFLATE.has(layers[0] as string);
  const fits = receive.bufferSize * DEFLATE_RATIO < KEPT_BYTES;
  return isDeflate && fits && !receiver.takesAll ? "bounded" : "unbounded";
}

function isPacked(encoding: string): boolean {
  return encoding !== "" && encoding !== "identity" && encoding !== "none";
}

/** The receiver by libcurl's header API; `null` before libcurl 7.83, which has none. */
function receiverOf(state: EasyState): BodyReceiver | null {
  if (!library().has("curl_easy_nextheader")) return null;
  const values = readHeaders(state, null)
    .filter(({ name }) => name.toLowerCase() === "content-encoding")
    .map(({ value }) => value);
  return { contentEncoding: values.join(), takesAll: false };
}
