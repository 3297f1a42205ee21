/**
 * Text that C has: UTF-8, and where it is none latin-1, one character for each byte.
 *
 * @module
 */

const REPLACED = "\ufffd";
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * `text` as a runtime has decoded it, which puts U+FFFD in the place of bytes that are no UTF-8; if
 * there are any, what the bytes are in latin-1. `byteAt` reads the string, up to its NUL.
 */
export function decodedText(text: string, byteAt: (at: number) => number): string {
  if (!text.includes(REPLACED)) return text;
  const bytes: number[] = [];
  for (let byte = byteAt(0); byte !== 0; byte = byteAt(bytes.length)) bytes.push(byte);
  return decoded(new Uint8Array(bytes)); // a U+FFFD may be C's own
}

/** Bytes as text: UTF-8, or latin-1 where they are none. */
export function decoded(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return latin1(bytes);
  }
}

/** Bytes as latin-1. (Not by TextDecoder, whose "latin1" is windows-1252.) */
export function latin1(bytes: Iterable<number>): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
