/**
 * Bytes: copies, and conversions from and to text.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { prefault } from "../../ffi/prefault.ts";
import { bytesOf, isBuffer } from "../handles/base/views.ts";
import { typeError } from "./errors.ts";

/** From this size on, zeroing memory costs more than asking for memory that is not zeroed. */
const LARGE = 64 * 1024;

/**
 * A new array with a buffer of its own, not zeroed if it is large and the runtime allows that: only
 * bytes that were filled in may be read from it.
 */
export function roomFor(size: number): Uint8Array<ArrayBuffer> {
  if (size < LARGE) return new Uint8Array(size);
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer as ArrayBuffer);
}

/**
 * A copy of the bytes in a buffer or a view of one, `null` for anything else. Throws `TypeError`,
 * which begins with `what`, where there are none: they must not become the text of an object.
 */
export function copyOf(data: unknown, what: string): Uint8Array<ArrayBuffer> | null {
  const bytes = bytesOf(data);
  if (bytes) return bytes.length < LARGE ? new Uint8Array(bytes) : largeCopy(bytes);
  if (!isBuffer(data)) return null;
  throw typeError(`${what}: its buffer is detached, or has become too short for the view`);
}

function largeCopy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = roomFor(bytes.length);
  prefault(copy);
  copy.set(bytes);
  return copy;
}

/** Encodes bytes as base64. */
export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Whether every character of a text fits into one byte, as in an HTTP header value. */
export function isLatin1(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false;
  return true;
}

/** Encodes a text as latin-1: one byte for each character. */
export function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/**
 * Decodes a header value that was read as latin-1 as UTF-8. Returns it unchanged where its bytes are
 * not UTF-8.
 */
export function utf8InLatin1(text: string): string {
  if (!isLatin1(text)) return text;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(latin1Bytes(text));
  } catch {
    return text;
  }
}
