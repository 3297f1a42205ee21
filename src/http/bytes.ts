/**
 * Copies of bytes, and bytes as text.
 *
 * @module
 */

/** A copy of the bytes in a buffer or a view of one, `null` for anything else. */
export function copyOf(data: unknown): Uint8Array<ArrayBuffer> | null {
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0));
  if (!ArrayBuffer.isView(data)) return null;
  return new Uint8Array(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** Bytes in base64. */
export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Whether each character of a text can be one byte, as HTTP headers want it. */
export function isLatin1(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false;
  return true;
}

/** The bytes that the characters of a latin-1 text stand for. */
export function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** What a header says as UTF-8, where it is that: most servers send it, the standard has latin-1. */
export function utf8InLatin1(text: string): string {
  if (!isLatin1(text)) return text;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(latin1Bytes(text));
  } catch {
    return text;
  }
}
