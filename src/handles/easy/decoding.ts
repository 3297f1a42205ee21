/**
 * How far libcurl unpacks the body of a response. Where a WRITEFUNCTION pauses the transfer, libcurl
 * goes on to unpack all that it has read from the socket. It keeps up to 64 MiB of that, and fails
 * beyond. So the driver and `fetch` may pause in the middle of unpacking only where what is left of
 * a read cannot be more, and then take all that was kept when they resume. All other bytes they
 * take, and pause the transfer once libcurl has returned.
 *
 * @module
 */

import { library } from "../../../ffi/mod.ts";
import type { BodyReceiver, EasyState } from "../core/easy_state.ts";
import type { Decoding } from "../core/transfer_run.ts";
import { readHeaders } from "./headers.ts";

/** `DYN_PAUSE_BUFFER`: how many bytes libcurl keeps of a transfer that its WRITEFUNCTION has paused. */
export const KEPT_BYTES: number = 64 * 1024 * 1024;

/** Deflate by all its names. A few bytes of brotli or zstd may unpack to any length. */
const DEFLATE: ReadonlySet<string> = new Set(["deflate", "gzip", "x-gzip"]);
/** The most that a byte of deflate unpacks to: a match of 258 bytes takes two bits at least. */
const DEFLATE_RATIO = 1032;

/**
 * Whether the WRITEFUNCTION of a transfer may return CURL_WRITEFUNC_PAUSE for reasons that are not
 * the user's. To be asked inside the WRITEFUNCTION.
 */
export function keepsRest(state: EasyState): boolean {
  const { run } = state;
  const decoding = run.decoding ??= decodingOf(state);
  return decoding === "none" || (decoding === "bounded" && !run.resuming);
}

function decodingOf(state: EasyState): Decoding {
  const { settings } = state;
  if (settings.transferEncoding) return "unbounded";
  if (!settings.acceptsEncoding || !settings.contentDecoding) return "none";
  const receiver = state.receiver?.() ?? receiverOf(state);
  if (receiver === null) return "unbounded"; // nobody can tell
  const names = receiver.contentEncoding.toLowerCase().split(",");
  const layers = names.map((name) => name.trim()).filter(isPacked);
  if (layers.length === 0) return "none";
  const isDeflate = layers.length === 1 && DEFLATE.has(layers[0] as string);
  const fits = settings.bufferSize * DEFLATE_RATIO < KEPT_BYTES;
  return isDeflate && fits && !receiver.takesAll ? "bounded" : "unbounded";
}

function isPacked(encoding: string): boolean {
  return encoding !== "" && encoding !== "identity" && encoding !== "none";
}

/** What the header API tells; `null` before libcurl 7.83, which has none. */
function receiverOf(state: EasyState): BodyReceiver | null {
  if (!library().has("curl_easy_nextheader")) return null;
  const values = readHeaders(state, null)
    .filter(({ name }) => name.toLowerCase() === "content-encoding")
    .map(({ value }) => value);
  return { contentEncoding: values.join(), takesAll: false };
}
