/**
 * What went over the wire for one transfer: the last request and response of it, as libcurl traces
 * them.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { flags } from "../../../ffi/curl/flags.ts";
import type { TappedBytes, TransferTap } from "../../handles/core/easy_state.ts";

const { CURLINFO_HEADER_IN, CURLINFO_HEADER_OUT, CURLINFO_DATA_OUT } = flags;

/** The heads of a flood are not kept. */
const MAX_HEAD = 512 * 1024;

/** Other protocols have commands, which are not recorded. */
const REQUEST = /^\S+ \S+ HTTP\/[\d.]+\r?\n/;

/** The beginning of a body. */
export class Beginning {
  readonly #limit: number;
  #pieces: Uint8Array[] = [];
  #kept = 0;
  /** How many bytes the whole has. */
  size = 0;

  /** Keeps so many bytes at most. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(bytes: TappedBytes): void {
    this.size += bytes.length;
    const room = Math.min(this.#limit - this.#kept, bytes.length);
    if (room <= 0) return;
    const piece = new Uint8Array(room);
    bytes.copyTo(piece);
    this.#pieces.push(piece);
    this.#kept += room;
  }

  clear(): void {
    this.#pieces = [];
    this.#kept = this.size = 0;
  }

  /** What was kept. */
  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

/** The recording of one transfer. */
export class Wire implements TransferTap {
  /** The head of the last request of HTTP, latin-1. */
  request = "";
  /** The head of the last response, and its trailers. */
  response = "";
  /** The body of the last request, with the framing of chunks. */
  readonly sent: Beginning;
  readonly received: Beginning;
  /** When the last request was begun and ended, on the clock of `performance.now()`. */
  sentFrom: number | null = null;
  sentTo = 0;
  /** When the last response began. */
  answered: number | null = null;

  /** Keeps so many bytes of each body. */
  constructor(limit: number) {
    this.sent = new Beginning(limit);
    this.received = new Beginning(limit);
  }

  trace(type: number, bytes: TappedBytes): void {
    if (type === CURLINFO_HEADER_OUT) this.#sendHead(textOf(bytes));
    else if (type === CURLINFO_HEADER_IN) this.#receiveLine(textOf(bytes));
    else if (type === CURLINFO_DATA_OUT) {
      this.sent.add(bytes);
      this.sentTo = performance.now();
    }
  }

  #sendHead(text: string): void {
    // libcurl tells of a long head in pieces, as it goes out
    const isRest = this.request !== "" && !/\n\r?\n$/.test(this.request) && !REQUEST.test(text);
    this.request = isRest ? this.request + text : REQUEST.test(text) ? text : "";
    this.response = "";
    this.answered = null;
    this.sent.clear();
    this.received.clear();
    this.sentFrom = this.sentTo = performance.now();
  }

  #receiveLine(text: string): void {
    if (text.startsWith("HTTP/")) {
      this.response = text;
      this.answered = performance.now();
      this.received.clear();
    } else if (this.response !== "" && this.response.length < MAX_HEAD) this.response += text;
  }

  body(bytes: TappedBytes): void {
    this.received.add(bytes);
  }
}

function textOf(bytes: TappedBytes): string {
  const copy = new Uint8Array(bytes.length);
  bytes.copyTo(copy);
  return Buffer.from(copy.buffer).toString("latin1");
}
