/**
 * `HeadCollector`: the head of a response, from the lines of HEADERFUNCTION.
 *
 * @module
 */

import { Code, CurlEasyError } from "../../errors.ts";
import type { LineReceiver } from "../../handles/callbacks/header_lines.ts";
import { trimmedEnd } from "../../trim.ts";
import { isInstance } from "../../untrusted.ts";
import { type Field, FieldList } from "./fields.ts";

/** Status line and headers. */
export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
}

/** The limit of all header lines in bytes, which libcurl itself has since 8.3. */
const MAX_BYTES = 300 * 1024;

const CR = 13, LF = 10;

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
export class HeadCollector implements LineReceiver {
  /** The status code, 0 if there is none. */
  status = 0;
  /** The reason phrase. */
  statusText = "";
  /** Whether the head is complete. */
  complete = false;
  /** The number of bytes of heads and trailers received, of all responses. */
  received = 0;
  #fields = new FieldList();
  #trailers: FieldList | null = null;
  /** The lines of the present head, and of its trailers. */
  #lineCount = 0;
  readonly #maxHeaders: number;
  readonly #owner: HeadListener;

  /** Creates a collector without lines. */
  constructor(owner: HeadListener, maxHeaders: number) {
    this.#owner = owner;
    this.#maxHeaders = maxHeaders;
  }

  /**
   * Counts a line. Lines are due at the end of a head, and each trailer at once, since nothing marks
   * the end of trailers. Throws `CurlEasyError` if there are too many.
   */
  isDue(length: number, first: number): boolean {
    this.received += length;
    if (this.received > MAX_BYTES) {
      throw new CurlEasyError(Code.RECV_ERROR, `The headers have more than ${MAX_BYTES} bytes`);
    }
    // libcurl ends a head at any line that begins like a blank one
    if (this.complete || first === CR || first === LF) return true;
    this.#countLine();
    return false;
  }

  #countLine(): void {
    // the first line is that of the status
    if (this.#lineCount++ > this.#maxHeaders) throw tooMany(this.#maxHeaders);
  }

  /** Reads lines. Throws `CurlEasyError` if they are ambiguous. */
  take(lines: string): void {
    const isStatus = lines.startsWith("HTTP/");
    const start = isStatus ? this.#begin(lines) : 0;
    if (this.complete) {
      this.#trailers ??= new FieldList();
      this.#countLine();
    }
    const isEnd = (this.#trailers ?? this.#fields).add(lines, start);
    if (!isEnd || this.complete) return;
    if (isInterim(this.status)) {
      this.#lineCount = 0;
      return;
    }
    this.complete = true;
    this.#owner.onHead();
  }

  /** Starts another head with the status line of `lines`. Returns the start of the next line. */
  #begin(lines: string): number {
    if (this.complete) {
      this.complete = false;
      this.#trailers = null;
      this.#lineCount = 1;
    }
    if (this.#fields.list.length > 0) this.#fields = new FieldList();
    const end = lines.indexOf("\n") + 1, line = statusLine(lines.slice(0, end));
    this.status = line.status;
    this.statusText = line.reason;
    return end;
  }

  /** The Content-Length of the head, `null` if it has none; that of encoded bytes if there are. */
  get bodyLength(): number | null {
    return this.#fields.bodyLength;
  }

  /** The headers in the order received. */
  get fields(): readonly Field[] {
    return this.#fields.list;
  }

  /** The head. */
  read(): ResponseHead {
    const headers = new Headers();
    appendFields(headers, this.fields);
    return { status: this.status, statusText: this.statusText, headers };
  }

  /** The value of the first header of that name, which is in lower case; `null` if absent. */
  get(name: string): string | null {
    for (const [own, value] of this.fields) if (own.toLowerCase() === name) return value;
    return null;
  }

  /** The values of all headers of that name, which is in lower case, joined by commas. */
  list(name: string): string {
    return this.fields.filter(([own]) => own.toLowerCase() === name).map(([, value]) => value)
      .join(", ");
  }

  /** The trailers: headers after the body. */
  get trailers(): readonly Field[] {
    return this.#trailers?.list ?? [];
  }
}

function tooMany(most: number): CurlEasyError {
  const text = `The response has more than ${most} header fields: maxHeaders allows more`;
  return new CurlEasyError(Code.RECV_ERROR, text);
}

interface StatusLine {
  readonly line: string;
  readonly status: number;
  readonly reason: string;
}

/** The status line that was read last: most are alike. */
let last: StatusLine = { line: "", status: 0, reason: "" };

function statusLine(line: string): StatusLine {
  if (line === last.line) return last;
  const [, status = "0", rest = ""] = /^HTTP\/\S{0,3} (\d{3})(.*)/s.exec(line) ?? [];
  const reason = trimmedEnd(rest.replace(/^\d* ?/, ""), "\t\n\v\f\r ");
  // `new Response()` refuses other characters in `statusText`
  return last = {
    line,
    status: Number(status),
    reason: reason.replace(/[^\t\x20-\x7e\x80-\xff]/g, ""),
  };
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

/** Whether another head follows. 101 is final, as it ends HTTP on the connection. */
function isInterim(status: number): boolean {
  return status >= 100 && status < 200 && status !== 101;
}
