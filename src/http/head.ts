/**
 * The head of a response, from the lines that HEADERFUNCTION brings.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Code, CurlEasyError } from "../errors.ts";

/** Status line and headers. */
export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
}

/** A header field as it was on the wire; several of one name stay apart. */
type Field = readonly [name: string, value: string];

const CR = 13, LF = 10, SPACE = 32, ZERO = 48;

/** As much as libcurl takes from 8.3 on. */
const MOST_BYTES = 300 * 1024;

/** "HTTP/1.1 " */
const LONGEST_VERSION = 9;

/** Header lines, as bytes until they are wanted as text. */
class Lines {
  #bytes = Buffer.alloc(512);
  #length = 0;

  add(line: Uint8Array): void {
    const end = this.#length + line.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(line, this.#length);
    this.#length = end;
  }

  clear(): void {
    this.#length = 0;
  }

  /** The number in a status line, 0 where there is none. */
  status(): number {
    const bytes = this.#bytes, first = bytes.indexOf(SPACE) + 1;
    if (first === 0 || first > LONGEST_VERSION || first + 3 > this.#length) return 0;
    let status = 0;
    for (let i = first; i < first + 3; i++) {
      const digit = (bytes[i] as number) - ZERO;
      if (digit < 0 || digit > 9) return 0;
      status = 10 * status + digit;
    }
    return status;
  }

  /** A byte is a character. (What `TextDecoder` calls latin1 is windows-1252.) */
  text(): string[] {
    return this.#bytes.toString("latin1", 0, this.#length).split(/\r*\n/);
  }
}

/**
 * Collects heads: a 1xx is passed over, one that libcurl answers itself (an authentication) is
 * replaced by the next, and lines after the body are trailers. The lines are kept as bytes and
 * decoded once they are wanted.
 */
export class HeadCollector {
  readonly #lines = new Lines();
  #complete = false;
  #trailers: Lines | null = null;
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
      this.#lines.clear();
      this.#lines.add(line);
      this.#complete = false;
    } else if (this.#complete) {
      if (!isBlank(line)) (this.#trailers ??= new Lines()).add(line);
    } else if (!isBlank(line)) {
      this.#lines.add(line);
    } else if (!isInterim(this.status)) {
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
    return this.#lines.status();
  }

  /** The head. */
  read(): ResponseHead {
    const [first = "", ...lines] = this.#lines.text();
    const reason = /^HTTP\/\S+ \d+ ?(.*)$/s.exec(first.trimEnd())?.[1] ?? "";
    // a Response refuses other characters in there
    const statusText = reason.replace(/[^\t\x20-\x7e\x80-\xff]/g, "");
    const headers = new Headers();
    for (const [name, value] of fields(lines)) appendLenient(headers, name, value);
    return { status: this.status, statusText, headers };
  }

  /** The value of a header (its name in lower case), `null` where it is absent. */
  get(name: string): string | null {
    for (const [own, value] of fields(this.#lines.text().slice(1))) {
      if (own.toLowerCase() === name) return value;
    }
    return null;
  }

  /** The headers after the body. */
  get trailers(): readonly Field[] {
    return fields(this.#trailers?.text() ?? []);
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

function fields(lines: readonly string[]): Field[] {
  const found: Field[] = [];
  for (const text of lines) {
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

/** 101 ends HTTP on the connection, so it is final. */
function isInterim(status: number): boolean {
  return status >= 100 && status < 200 && status !== 101;
}
