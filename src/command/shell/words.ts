/**
 * The words of a command line. A word has the place of each of its characters.
 *
 * A word is text, but an argument is bytes. Bytes that are not UTF-8, such as those of `$'\xff'`,
 * are lone surrogates from U+DC80 to U+DCFF in the text, one for each byte.
 *
 * @module
 */

import type { CurlPlace } from "../command_error.ts";

/** An argument and its place. */
export interface Word {
  readonly text: string;
  /** The place of the character at `index`, which may be the end of the word. */
  placeOf(index: number): CurlPlace;
}

/** A word of literal text, with one place for all of its characters. */
export function wordAt(text: string, place: CurlPlace): Word {
  return { text, placeOf: () => place };
}

/** The arguments of a program. */
export function argumentWords(args: readonly string[]): Word[] {
  return args.map((text, i) => ({
    text: text.toWellFormed(),
    placeOf: (index) => ({ where: `argument ${i + 1}, character ${index + 1}`, offset: index }),
  }));
}

/** Returns the place of an offset; an offset beyond the end has the place of the end. */
export type PlaceOf = (offset: number) => CurlPlace;

/**
 * Returns the function for places in a text. It finds the line starts once: every word needs
 * places.
 */
export function placesIn(text: string): PlaceOf {
  let starts: number[] | null = null;
  return (index) => {
    const offset = Math.min(index, text.length);
    starts ??= [0, ...text.matchAll(/\r\n|\n|\r/g).map(({ 0: end, index: at }) => at + end.length)];
    const line = linesUpTo(starts, offset);
    const column = offset - (starts[line - 1] as number) + 1;
    return { where: `line ${line}, column ${column}`, offset };
  };
}

/** The number of line starts, in ascending order, that are not greater than an offset. */
function linesUpTo(starts: readonly number[], offset: number): number {
  let low = 0, high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] as number) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A part of a word, with the places of its characters. */
export function partOf(word: Word, from: number, to: number = word.text.length): Word {
  return {
    text: word.text.slice(from, to),
    placeOf: (index) => word.placeOf(from + Math.min(index, to - from)),
  };
}

const RAW = 0xdc00;

/** A byte, as a character of a word. */
export const rawByte = (byte: number): string =>
  byte < 0x80 ? String.fromCharCode(byte) : String.fromCharCode(RAW + byte);

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const isRaw = (unit: number) => unit >= RAW + 0x80 && unit <= RAW + 0xff;
const isHigh = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;

/** Whether a text contains bytes that are not UTF-8. */
export function hasRawBytes(text: string): boolean {
  return !text.isWellFormed();
}

/** The bytes of a word's text. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  if (!hasRawBytes(text)) return encoder.encode(text);
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (isHigh(unit)) i++;
    else if (isRaw(unit)) {
      pieces.push(encoder.encode(text.slice(from, i)), Uint8Array.of(unit - RAW));
      from = i + 1;
    }
  }
  pieces.push(encoder.encode(text.slice(from)));
  return joined(pieces);
}

/** The concatenation of byte arrays. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The text of bytes: those that are not UTF-8 become raw bytes. */
export function textOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeAround(bytes);
  }
}

/** The length of the UTF-8 sequence that begins with a byte; 1 where no sequence begins with it. */
function sequenceLength(byte: number): number {
  return byte >= 0xf0 && byte < 0xf5 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
}

function decodeAround(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length;) {
    const byte = bytes[i] as number, length = byte < 0xf5 ? sequenceLength(byte) : 1;
    const decoded = length > 1 ? decodeOne(bytes.subarray(i, i + length), length) : null;
    text += decoded ?? rawByte(byte);
    i += decoded === null ? 1 : length;
  }
  return text;
}

function decodeOne(bytes: Uint8Array, length: number): string | null {
  if (bytes.length < length) return null;
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

/** A word during reading. */
export class WordBuilder {
  readonly #placeOf: PlaceOf;
  readonly #units: string[] = [];
  readonly #offsets: number[] = [];
  /** The offset of the beginning of the word, which may turn out to be empty. */
  #start = -1;

  constructor(placeOf: PlaceOf) {
    this.#placeOf = placeOf;
  }

  get length(): number {
    return this.#units.length;
  }

  /** Adds text that the source has at `offset`. */
  add(text: string, offset: number): void {
    if (this.#start < 0) this.#start = offset;
    for (let i = 0; i < text.length; i++) {
      this.#units.push(text[i] as string);
      this.#offsets.push(offset);
    }
  }

  /**
   * Ends the word, whose source ends at `end`. Raw bytes that form a character become that
   * character; a shell with UTF-16 has no raw bytes.
   */
  word(end: number, isUtf16 = false): Word {
    const place = this.#placeOf, offsets = this.#offsets, units = this.#units.join("");
    const raw = isUtf16 ? units.toWellFormed() : units;
    if (!hasRawBytes(raw)) {
      const last = raw === "" && this.#start >= 0 ? this.#start : end;
      return { text: raw, placeOf: (index) => place(offsets[index] ?? last) };
    }
    const text = textOf(bytesOf(raw)), start = offsets[0] ?? end;
    // the characters of the text no longer correspond to those of the source
    return { text, placeOf: (index) => place(index >= text.length ? end : start) };
  }
}
