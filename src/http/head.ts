/**
 * The head of a response, from the lines that HEADERFUNCTION brings.
 *
 * @module
 */

import { Code, CurlEasyError } from "../errors.ts";

/** Status line and headers. */
export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
}

/** A header field as it was on the wire; several of one name stay apart. */
type Field = readonly [name: string, value: string];

const CR = 13, LF = 10;

/** As much as libcurl takes from 8.3 on. */
const MOST_BYTES = 300 * 1024;

/** A byte is a character. (What `TextDecoder` calls latin1 is windows-1252.) */
function decode(line: Uint8Array): string {
  let text = "";
  for (let i = 0; i < line.length; i += 4096) {
    text += String.fromCharCode(...line.subarray(i, i + 4096));
  }
  return text;
}

/**
 * Collects heads: a 1xx is passed over, one that libcurl answers itself (an authentication) is
 * replaced by the next, and lines after the body are trailers. The lines are kept as bytes and
 * decoded once they are wanted.
 */
export class HeadCollector {
  #lines: Uint8Array[] = [];
  #complete = false;
  #trailers: Uint8Array[] = [];
  #size = 0;
  readonly #done: (head: HeadCollector) => void;

  /** `done` is called at the end of each head that may be the final one. */
  constructor(done: (head: HeadCollector) => void) {
    this.#done = done;
  }

  /** Takes a line; the HEADERFUNCTION. Throws `CurlEasyError` for more than anyone needs. */
  take(line: Uint8Array): number {
    this.#size += line.length;
    if (this.#size > MOST_BYTES) {
      throw new CurlEasyError(Code.RECV_ERROR, `The headers have more than ${MOST_BYTES} bytes`);
    }
    if (isStatusLine(line)) {
      this.#lines = [line.slice()];
      this.#complete = false;
    } else if (this.#complete) {
      if (!isBlank(line)) this.#trailers.push(line.slice());
    } else if (!isBlank(line)) {
      this.#lines.push(line.slice());
    } else if (!isInterim(this.#lines[0])) {
      this.#complete = true;
      this.#done(this);
    }
    return line.length;
  }

  /** Whether a head that may be the final one is there. */
  get complete(): boolean {
    return this.#complete;
  }

  /** The status code, 0 where there is none. */
  get status(): number {
    return statusOf(this.#lines[0]);
  }

  /** The head. */
  read(): ResponseHead {
    const first = decode(this.#lines[0] ?? new Uint8Array()).trimEnd();
    const reason = /^HTTP\/\S+ \d+ ?(.*)$/s.exec(first)?.[1] ?? "";
    // a Response refuses other characters in there
    const statusText = reason.replace(/[^\t\x20-\x7e\x80-\xff]/g, "");
    const headers = new Headers();
    for (const [name, value] of fields(this.#lines.slice(1))) appendLenient(headers, name, value);
    return { status: this.status, statusText, headers };
  }

  /** The value of a header (its name in lower case), `null` where it is absent. */
  get(name: string): string | null {
    for (const [own, value] of fields(this.#lines.slice(1))) {
      if (own.toLowerCase() === name) return value;
    }
    return null;
  }

  /** The headers after the body. */
  get trailers(): readonly Field[] {
    return fields(this.#trailers);
  }
}

/** A server may send what `Headers` refuses: such a field is left out, not the whole response. */
function appendLenient(headers: Headers, name: string, value: string): void {
  try {
    headers.append(name, value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

function fields(lines: readonly Uint8Array[]): Field[] {
  const found: Field[] = [];
  for (const line of lines) {
    const text = decode(line).replace(/[\r\n]+$/, "");
    const colon = text.indexOf(":");
    // a line that begins with a space continues the one before
    const last = found.at(-1);
    if (last && (text[0] === " " || text[0] === "\t")) {
      found[found.length - 1] = [last[0], `${last[1]} ${text.trim()}`];
    } else if (colon > 0) found.push([text.slice(0, colon).trim(), text.slice(colon + 1).trim()]);
  }
  return found;
}

function isBlank(line: Uint8Array): boolean {
  return line.length === 0 || line[0] === CR || line[0] === LF;
}

/** "HTTP/" */
function isStatusLine(line: Uint8Array): boolean {
  return line[0] === 0x48 && line[1] === 0x54 && line[2] === 0x54 && line[3] === 0x50 &&
    line[4] === 0x2f;
}

function statusOf(line: Uint8Array | undefined): number {
  if (!line) return 0;
  const space = line.indexOf(0x20);
  return Number(decode(line.subarray(space + 1, space + 4))) || 0;
}

/** 101 ends HTTP on the connection, so it is final. */
function isInterim(line: Uint8Array | undefined): boolean {
  const status = statusOf(line);
  return status >= 100 && status < 200 && status !== 101;
}
