/**
 * The words of a command line. A word knows the place of each of its characters.
 *
 * A word is text, but an argument is bytes: bytes that are no UTF-8, as `$'\xff'` gives them, are
 * lone surrogates from U+DC80 to U+DCFF in the text, one for each byte.
 *
 * @module
 */

import type { CurlPlace } from "../command_error.ts";

/** An argument and where it came from. */
export interface Word {
  readonly text: string;
  /** The place of the character at `index`, which may be the end of the word. */
  placeOf(index: number): CurlPlace;
}

/** A word that is taken as it stands, with one place for all of it. */
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

/** Gives the place of an offset; that of the end for one beyond it. */
export type PlaceOf = (offset: number) => CurlPlace;

/** Gives places in a text of lines, which are looked for once: every word has places. */
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

/** How many of the numbers, which go up, are no greater. */
function linesUpTo(starts: readonly number[], offset: number): number {
  let low = 0, high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] as number) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A part of a word, which keeps its places. */
export function partOf(word: Word, from: number, to: number = word.text.length): Word {
  return {
    text: word.text.slice(from, to),
    placeOf: (index) => word.placeOf(from + Math.min(index, to - from)),
  };
}

const RAW = 0xdc00;

/** A byte as a character of a word. */
export const rawByte = (byte: number): string =>
  byte < 0x80 ? String.fromCharCode(byte) : String.fromCharCode(RAW + byte);

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const isRaw = (unit: number) => unit >= RAW + 0x80 && unit <= RAW + 0xff;
const isHigh = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;

/** Whether the text has bytes in it that are no UTF-8. */
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

/** Pieces one after another. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The text of bytes: what is no UTF-8 stays as raw bytes. */
export function textOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeAround(bytes);
  }
}

/** The length of the UTF-8 sequence that a byte begins, 1 for one that begins none. */
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

/** A word while it is read. */
export class WordBuilder {
  readonly #placeOf: PlaceOf;
  readonly #units: string[] = [];
  readonly #offsets: number[] = [];
  /** Where a word begins that may be empty. */
  #start = -1;

  constructor(placeOf: PlaceOf) {
    this.#placeOf = placeOf;
  }

  get length(): number {
    return this.#units.length;
  }

  /** Adds text that stands for what is at `offset`. */
  add(text: string, offset: number): void {
    if (this.#start < 0) this.#start = offset;
    for (let i = 0; i < text.length; i++) {
      this.#units.push(text[i] as string);
      this.#offsets.push(offset);
    }
  }

  /**
   * Ends the word, whose source ends at `end`. Raw bytes that make up a character become it; where
   * the shell has UTF-16 there are none.
   */
  word(end: number, isUtf16 = false): Word {
    const place = this.#placeOf, offsets = this.#offsets, units = this.#units.join("");
    const raw = isUtf16 ? units.toWellFormed() : units;
    if (!hasRawBytes(raw)) {
      const last = raw === "" && this.#start >= 0 ? this.#start : end;
      return { text: raw, placeOf: (index) => place(offsets[index] ?? last) };
    }
    const text = textOf(bytesOf(raw)), start = offsets[0] ?? end;
    // its characters are not those of the source any more
    return { text, placeOf: (index) => place(index >= text.length ? end : start) };
  }
}
