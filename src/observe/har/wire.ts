/**
 * The data that one transfer sent and received: its last request and response, from libcurl's
 * trace.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { flags } from "../../../ffi/curl/flags.ts";
import type { TappedBytes, TransferTap } from "../../handles/core/easy_state.ts";

const { CURLINFO_HEADER_IN, CURLINFO_HEADER_OUT, CURLINFO_DATA_OUT } = flags;

/** The largest size of recorded heads, in bytes. */
const MAX_HEAD = 512 * 1024;

/** The beginning of an HTTP request. Commands of other protocols are not recorded. */
const REQUEST = /^\S+ \S+ HTTP\/[\d.]+\r?\n/;

/** The beginning of a body. */
export class Beginning {
  readonly #limit: number;
  #pieces: Uint8Array[] = [];
  #kept = 0;
  /** The size of the whole body. */
  size = 0;

  /** Keeps at most `limit` bytes. */
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

  /** The bytes that were kept. */
  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

/** The recording of one transfer. */
export class Wire implements TransferTap {
  /** The head of the last HTTP request, in latin-1. */
  request = "";
  /** The head of the last response, and its trailers. */
  response = "";
  /** The body of the last request, with chunked framing. */
  readonly sent: Beginning;
  readonly received: Beginning;
  /** The start of the last request, on the clock of `performance.now()`. */
  sentFrom: number | null = null;
  sentTo = 0;
  /** The start of the last response. */
  answered: number | null = null;

  /** Keeps at most `limit` bytes of each body. */
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
    // libcurl traces a long head in the pieces that it sends
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
