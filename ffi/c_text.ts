/**
 * Decoding of C strings: as UTF-8, or, where they are not UTF-8, as latin-1, one character for each
 * byte.
 *
 * @module
 */

const REPLACED = "\ufffd";
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * `text` as a runtime has decoded it, with U+FFFD for bytes that are not UTF-8; if there are such
 * bytes, the string is decoded as latin-1 instead. `byteAt` reads the bytes of the string, up to
 * its NUL.
 */
export function decodedText(text: string, byteAt: (at: number) => number): string {
  if (!text.includes(REPLACED)) return text;
  const bytes: number[] = [];
  for (let byte = byteAt(0); byte !== 0; byte = byteAt(bytes.length)) bytes.push(byte);
  return decoded(new Uint8Array(bytes)); // a U+FFFD may be in the C string itself
}

/** Decodes bytes as UTF-8, or as latin-1 where they are not UTF-8. */
export function decoded(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return latin1(bytes);
  }
}

/** Decodes bytes as latin-1. (Not by TextDecoder, whose "latin1" is windows-1252.) */
export function latin1(bytes: Iterable<number>): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
