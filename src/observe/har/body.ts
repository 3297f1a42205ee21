/**
 * Converts bodies to the texts of a HAR.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import type { Beginning } from "./wire.ts";

/** A body as text. */
export interface BodyText {
  readonly text: string;
  readonly isBase64: boolean;
  /** What is missing, `undefined` if nothing is. */
  readonly comment: string | undefined;
}

/** Bytes of UTF-8 as text, any others in base64. `bytes` is the beginning of `size` bytes. */
export function bodyText(bytes: Buffer, size: number): BodyText {
  const isWhole = bytes.length >= size;
  const comment = isWhole ? undefined : `the first ${bytes.length} of ${size} bytes`;
  try {
    // the beginning may end in the middle of a character
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: !isWhole });
    if (!text.includes("\0")) return { text, isBase64: false, comment };
  } catch {
    // not UTF-8
  }
  return { text: bytes.toString("base64"), isBase64: true, comment };
}

/** The content of a request body, without chunked framing. */
export function sentBody({ bytes, size }: Beginning, isChunked: boolean): BodyText {
  if (!isChunked) return bodyText(bytes, size);
  const isWhole = bytes.length >= size, content = withoutChunks(bytes);
  return isWhole
    ? bodyText(content, content.length)
    : { ...bodyText(content, content.length + 1), comment: `the first ${content.length} bytes` };
}

const LF = 10;

/** The content of a chunked body, whose last chunk may be cut off. */
function withoutChunks(bytes: Buffer): Buffer {
  let length = 0;
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(LF, at), size = parseInt(bytes.toString("latin1", at, end), 16);
    if (end < 0 || !(size > 0)) break;
    const chunk = bytes.subarray(end + 1, end + 1 + size);
    chunk.copy(bytes, length); // moves the content to the left, over the framing
    length += chunk.length;
    at = end + 1 + size + 2;
  }
  return bytes.subarray(0, length);
}
