/**
 * The head of a response, from the lines that HEADERFUNCTION brings.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Code, CurlEasyError } from "../../errors.ts";
import type { Piece } from "../../handles/callbacks/piece.ts";

/** Status line and headers. */
export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
}

/** A header field as it was on the wire; several of one name stay apart. */
export type Field = readonly [name: string, value: string];

const CR = 13, LF = 10, SPACE = 32, ZERO = 48, TAB = 9;

/** As much as libcurl takes from 8.3 on. */
const MAX_BYTES = 300 * 1024;

/** "HTTP/1.1 " */
const MAX_VERSION_LENGTH = 9;

/** Buffers that are free, for the next head. */
const spare: Buffer[] = [];
const SIZE = 1024, MAX_SPARE = 64;

/** Header lines, as bytes until they are wanted as text. */
class HeaderLines {
  // not zeroed: nobody sees what is behind the length
  #bytes: Buffer = spare.pop() ?? Buffer.allocUnsafeSlow(SIZE);
  #length = 0;
  /** The lines, once there are no bytes any more. */
  #text: string | null = null;

  /** Adds a line, and says what it is. */
  add(line: Piece): LineKind {
    const { length } = line, start = this.#length, end = start + length;
    if (end > this.#bytes.length) this.#grow(end);
    const bytes = this.#bytes, from = line.peek();
    // a line is short: a loop is faster than an array on a part of one
    for (let i = 0; i < length; i++) bytes[start + i] = from[i] as number;
    this.#length = end;
    const first = bytes[start];
    if (length === 0 || first === CR || first === LF) return "blank";
    return first === 0x48 && isStatusLine(bytes, start, end) ? "status" : "field";
  }

  #grow(end: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  /** No more are to come: the buffer may be another's. */
  end(): void {
    if (this.#text !== null) return;
    this.#text = this.text();
    if (this.#bytes.length === SIZE && spare.length < MAX_SPARE) spare.push(this.#bytes);
    this.#bytes = EMPTY;
  }

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** Forgets all but so many bytes. */
  cut(length: number): void {
    this.#length = length;
  }

  /** Forgets all before the byte at that place. */
  dropBefore(start: number): void {
    this.#bytes.copyWithin(0, start, this.#length);
    this.#length -= start;
  }

  /** The number in a status line, 0 where there is none. Only before the end. */
  status(): number {
    const bytes = this.#bytes, first = bytes.indexOf(SPACE) + 1;
    if (first === 0 || first > MAX_VERSION_LENGTH || first + 3 > this.#length) return 0;
    let status = 0;
    for (let i = first; i < first + 3; i++) {
      const digit = (bytes[i] as number) - ZERO;
      if (digit < 0 || digit > 9) return 0;
      status = 10 * status + digit;
    }
    return status;
  }

  /** A byte is a character. (What `TextDecoder` calls latin1 is windows-1252.) */
  text(): string {
    return this.#text ?? this.#bytes.toString("latin1", 0, this.#length);
  }
}

const EMPTY = Buffer.alloc(0);

type LineKind = "status" | "field" | "blank";

/** Whose head it is. */
export interface HeadListener {
  /** A head that may be the final one is there. */
  onHead(): void;
}

/**
 * Collects heads: a 1xx is passed over, one that libcurl answers itself (an authentication) is
 * replaced by the next, and lines after the body are trailers. The lines are kept as bytes and
 * decoded once they are wanted.
 */
export class HeadCollector {
  #lines = new HeaderLines();
  #complete = false;
  #trailers: HeaderLines | null = null;
  /** Once it was read. */
  #status: number | null = null;
  #size = 0;
  readonly #owner: HeadListener;

  /** Made by whom it tells. */
  constructor(owner: HeadListener) {
    this.#owner = owner;
  }

  /** Takes a line; the HEADERFUNCTION. Throws `CurlEasyError` for more than anyone needs. */
  addLine(line: Piece): number {
    const { length } = line; // of now: what follows may have libcurl hand over more
    this.#size += length;
    if (this.#size > MAX_BYTES) {
      throw new CurlEasyError(Code.RECV_ERROR, `The headers have more than ${MAX_BYTES} bytes`);
    }
    const lines = this.#complete ? this.#trailers ??= new HeaderLines() : this.#lines;
    const start = lines.length, kind = lines.add(line);
    if (kind === "status") this.#begin(lines, start);
    else if (kind === "blank") {
      lines.cut(start);
      if (!this.#complete && !isInterim(this.status)) this.#end();
    }
    return length;
  }

  /** Another head begins, with the line at that place. */
  #begin(lines: HeaderLines, start: number): void {
    if (start > 0) lines.dropBefore(start);
    this.#status = null;
    if (!this.#complete) return;
    this.#complete = false;
    this.#lines = lines;
    this.#trailers = null;
  }

  #end(): void {
    this.#complete = true;
    this.#owner.onHead();
  }

  /** Whether a head that may be the final one is there. */
  get complete(): boolean {
    return this.#complete;
  }

  /** The status code, 0 where there is none. */
  get status(): number {
    return this.#status ??= this.#lines.status();
  }

  /** The transfer is over. */
  end(): void {
    void this.status;
    this.#lines.end();
    this.#trailers?.end();
  }

  /** The reason phrase. */
  get statusText(): string {
    const text = this.#lines.text(), end = text.indexOf("\n");
    return reasonOf(end < 0 ? text : text.slice(0, end));
  }

  /** The headers in the order of the wire. */
  fields(): Field[] {
    const text = this.#lines.text(), end = text.indexOf("\n");
    return end < 0 ? [] : fields(text, end + 1);
  }

  /** The head. */
  read(): ResponseHead {
    const headers = new Headers();
    appendFields(headers, this.fields());
    return { status: this.status, statusText: this.statusText, headers };
  }

  /** The value of a header (its name in lower case), `null` where it is absent. */
  get(name: string): string | null {
    for (const [own, value] of this.fields()) if (own.toLowerCase() === name) return value;
    return null;
  }

  /** The headers after the body. */
  get trailers(): readonly Field[] {
    return this.#trailers ? fields(this.#trailers.text(), 0) : [];
  }
}

/** The one that was read last, since most are alike. */
const lastReason = { line: "", reason: "" };

function reasonOf(line: string): string {
  if (line === lastReason.line) return lastReason.reason;
  const reason = /^HTTP\/\S+ \d+ ?(.*)$/s.exec(trimmedSlice(line, 0, line.length))?.[1] ?? "";
  lastReason.line = line;
  // a Response refuses other characters in there
  return lastReason.reason = reason.replace(/[^\t\x20-\x7e\x80-\xff]/g, "");
}

/** A server may send what `Headers` refuses: such a field is left out, not the whole response. */
export function appendFields(headers: Headers, fields: readonly Field[]): void {
  for (const [name, value] of fields) {
    try {
      headers.append(name, value);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
}

function fields(text: string, from: number): Field[] {
  const found: Field[] = [];
  for (let start = from; start < text.length;) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    addField(found, text, start, end);
    start = end + 1;
  }
  return found;
}

function addField(found: Field[], text: string, start: number, end: number): void {
  const first = text.charCodeAt(start), last = found.length - 1;
  // a line that begins with a space continues the one before
  if ((first === SPACE || first === TAB) && last >= 0) {
    const [name, value] = found[last] as Field;
    found[last] = [name, `${value} ${trimmedSlice(text, start, end)}`];
    return;
  }
  const colon = text.indexOf(":", start);
  if (colon <= start || colon >= end) return;
  found.push([trimmedSlice(text, start, colon), trimmedSlice(text, colon + 1, end)]);
}

/** A part of the text without the space around it. To `trim()` a byte 160, as in "à", is space. */
function trimmedSlice(text: string, start: number, end: number): string {
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (start < end && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(unit: number): boolean {
  return unit === SPACE || (unit >= TAB && unit <= CR);
}

/** "HTTP/" */
function isStatusLine(line: Uint8Array, at: number, end: number): boolean {
  return end - at >= 5 && line[at + 1] === 0x54 && line[at + 2] === 0x54 &&
    line[at + 3] === 0x50 && line[at + 4] === 0x2f;
}

/** 101 ends HTTP on the connection, so it is final. */
function isInterim(status: number): boolean {
  return status >= 100 && status < 200 && status !== 101;
}
