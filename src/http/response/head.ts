/**
 * `HeadCollector`: the head of a response, parsed from the lines of HEADERFUNCTION.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Code, CurlEasyError } from "../../errors.ts";
import type { Piece } from "../../handles/callbacks/piece.ts";
import { isInstance } from "../../untrusted.ts";
import { LengthCheck, loneCr } from "./head_checks.ts";

/** Status line and headers. */
export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
}

/** A header field as received; several with the same name stay separate. */
export type Field = readonly [name: string, value: string];

const CR = 13, LF = 10, SPACE = 32, ZERO = 48, TAB = 9;

/** The limit of all header lines in bytes, which libcurl itself has since 8.3. */
const MAX_BYTES = 300 * 1024;

/** The length of "HTTP/1.1 ". */
const MAX_VERSION_LENGTH = 9;

/** Free buffers of `BUFFER_SIZE` bytes. */
const spare: Buffer[] = [];
const BUFFER_SIZE = 1024, MAX_SPARE = 64;

/** Header lines, kept as bytes and decoded on demand. */
class HeaderLines {
  // not zeroed: only the first `#length` bytes are ever read
  #bytes: Buffer = spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_SIZE);
  #length = 0;
  readonly #lengths = new LengthCheck();
  /** The decoded lines, after `end()` has returned the buffer. */
  #text: string | null = null;

  /** Adds a line, and returns its kind. */
  add(line: Piece): LineKind {
    const { length } = line, start = this.#length, end = start + length;
    if (end > this.#bytes.length) this.#grow(end);
    const bytes = this.#bytes, from = line.peek();
    // lines are short: a loop is faster than `subarray` and `set`
    for (let i = 0; i < length; i++) {
      const byte = bytes[start + i] = from[i] as number;
      // 7.74 passes several lines of a `file:` transfer at once
      if (byte === CR && (i + 1 === length || from[i + 1] !== LF)) throw loneCr();
    }
    this.#length = end;
    const first = bytes[start];
    if (length === 0 || first === CR || first === LF) return "blank";
    if (first === 0x48 && isStatusLine(bytes, start, end)) {
      this.#lengths.reset();
      return "status";
    }
    this.#lengths.add(bytes, start, end);
    return "field";
  }

  #grow(end: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  /** Decodes the lines and returns the buffer. No line may be added after that. */
  end(): void {
    if (this.#text !== null) return;
    this.#text = this.text();
    if (this.#bytes.length === BUFFER_SIZE && spare.length < MAX_SPARE) spare.push(this.#bytes);
    this.#bytes = EMPTY;
  }

  /** The number of bytes. */
  get length(): number {
    return this.#length;
  }

  /** Drops all but the first `length` bytes. */
  cut(length: number): void {
    this.#length = length;
  }

  /** Drops the bytes before `start`. */
  dropBefore(start: number): void {
    this.#bytes.copyWithin(0, start, this.#length);
    this.#length -= start;
  }

  /** The Content-Length, `null` if there is none. */
  get bodyLength(): number | null {
    return this.#lengths.length;
  }

  /** The status in the status line, 0 if there is none. Only before `end()`. */
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

  /** The lines as latin-1 text. (Not by TextDecoder, whose "latin1" is windows-1252.) */
  text(): string {
    return this.#text ?? this.#bytes.toString("latin1", 0, this.#length);
  }
}

const EMPTY = Buffer.alloc(0);

type LineKind = "status" | "field" | "blank";

/** Receives the heads of a collector. */
export interface HeadListener {
  /** Called when a head is complete, but not for a 1xx. Runs inside a libcurl callback. */
  onHead(): void;
}

/**
 * Collects the lines of a head. A 1xx head is skipped. When libcurl sends the request again, such
 * as for an authentication, the next head replaces the one before. Lines after the body are
 * trailers.
 */
export class HeadCollector {
  #lines = new HeaderLines();
  #complete = false;
  #trailers: HeaderLines | null = null;
  /** `null` until it is read. */
  #status: number | null = null;
  #size = 0;
  /** The field lines of the present head, and of its trailers. */
  #fieldLines = 0;
  readonly #maxHeaders: number;
  readonly #owner: HeadListener;

  /** Creates a collector without lines. */
  constructor(owner: HeadListener, maxHeaders: number) {
    this.#owner = owner;
    this.#maxHeaders = maxHeaders;
  }

  /** HEADERFUNCTION. Throws `CurlEasyError` if the lines exceed the limit or are ambiguous. */
  addLine(line: Piece): number {
    const { length } = line; // read now: a call of libcurl in `onHead` may reuse the object
    this.#size += length;
    if (this.#size > MAX_BYTES) {
      throw new CurlEasyError(Code.RECV_ERROR, `The headers have more than ${MAX_BYTES} bytes`);
    }
    const lines = this.#complete ? this.#trailers ??= new HeaderLines() : this.#lines;
    const start = lines.length, kind = lines.add(line);
    if (kind === "status") this.#begin(lines, start);
    else if (kind === "field") {
      if (++this.#fieldLines > this.#maxHeaders) throw tooManyFields(this.#maxHeaders);
    } else if (kind === "blank") {
      lines.cut(start);
      if (!this.#complete && !isInterim(this.status)) this.#end();
    }
    return length;
  }

  /** Starts another head, whose status line is at `start`. */
  #begin(lines: HeaderLines, start: number): void {
    this.#fieldLines = 0;
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

  /** The number of bytes of heads and trailers received, of all responses. */
  get received(): number {
    return this.#size;
  }

  /** Whether the head is complete. */
  get complete(): boolean {
    return this.#complete;
  }

  /** The status code, 0 if there is none. */
  get status(): number {
    return this.#status ??= this.#lines.status();
  }

  /** The Content-Length of the head, `null` if it has none; that of encoded bytes if there are. */
  get bodyLength(): number | null {
    return this.#lines.bodyLength;
  }

  /** Ends the collection, once the transfer is over. */
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

  /** The headers in the order received. */
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

  /** The value of the first header of that name, which is in lower case; `null` if absent. */
  get(name: string): string | null {
    for (const [own, value] of this.fields()) if (own.toLowerCase() === name) return value;
    return null;
  }

  /** The values of all headers of that name, which is in lower case, joined by commas. */
  list(name: string): string {
    return this.fields().filter(([own]) => own.toLowerCase() === name).map(([, value]) => value)
      .join(", ");
  }

  /** The trailers: headers after the body. */
  get trailers(): readonly Field[] {
    return this.#trailers ? fields(this.#trailers.text(), 0) : [];
  }
}

function tooManyFields(most: number): CurlEasyError {
  const text = `The response has more than ${most} header fields: maxHeaders allows more`;
  return new CurlEasyError(Code.RECV_ERROR, text);
}

/** The status line parsed last and its reason: most are alike. */
const lastReason = { line: "", reason: "" };

function reasonOf(line: string): string {
  if (line === lastReason.line) return lastReason.reason;
  const reason = /^HTTP\/\S+ \d+ ?(.*)$/s.exec(trimmedSlice(line, 0, line.length))?.[1] ?? "";
  lastReason.line = line;
  // `new Response()` refuses other characters in `statusText`
  return lastReason.reason = reason.replace(/[^\t\x20-\x7e\x80-\xff]/g, "");
}

/** Adds fields to `Headers`. A field that `Headers` refuses is left out. */
export function appendFields(headers: Headers, fields: readonly Field[]): void {
  for (const [name, value] of fields) {
    try {
      headers.append(name, value);
    } catch (error) {
      if (!isInstance(error, TypeError)) throw error;
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
  // a line that begins with a space continues the line before it
  if ((first === SPACE || first === TAB) && last >= 0) {
    const [name, value] = found[last] as Field;
    found[last] = [name, `${value} ${trimmedSlice(text, start, end)}`];
    return;
  }
  const colon = text.indexOf(":", start);
  if (colon <= start || colon >= end) return;
  found.push([trimmedSlice(text, start, colon), trimmedSlice(text, colon + 1, end)]);
}

/**
 * A slice without the ASCII space around it; `trim()` would also cut U+00A0, a byte of "à". No call
 * for each character: most responses of a short program are read before any code is compiled.
 */
function trimmedSlice(text: string, from: number, to: number): string {
  let start = from, end = to, unit = text.charCodeAt(start);
  while (start < end && (unit === SPACE || (unit >= TAB && unit <= CR))) {
    unit = text.charCodeAt(++start);
  }
  unit = text.charCodeAt(end - 1);
  while (start < end && (unit === SPACE || (unit >= TAB && unit <= CR))) {
    unit = text.charCodeAt(--end - 1);
  }
  return text.slice(start, end);
}

/** Whether the line starts with "HTTP/"; its first byte is known to be an "H". */
function isStatusLine(line: Uint8Array, at: number, end: number): boolean {
  return end - at >= 5 && line[at + 1] === 0x54 && line[at + 2] === 0x54 &&
    line[at + 3] === 0x50 && line[at + 4] === 0x2f;
}

/** Whether another head follows. 101 is final, as it ends HTTP on the connection. */
function isInterim(status: number): boolean {
  return status >= 100 && status < 200 && status !== 101;
}
