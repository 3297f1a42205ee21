/**
 * `-v`, `--trace` and `--trace-ascii`: print what libcurl sends and receives.
 *
 * @module
 */

import { closeSync } from "node:fs";
import type { CurlGlobal } from "../../command/types.ts";
import type { EasyOptions } from "../../handles/easy/easy.ts";
import { type Io, writeAll } from "../io.ts";
import type { Messages } from "./messages.ts";

const TEXT = 0, HEADER_OUT = 2, DATA_IN = 3;
const SIGNS = ["* ", "< ", "> ", "{ ", "} ", "{ ", "} "];
const TITLES = [
  "",
  "<= Recv header",
  "=> Send header",
  "<= Recv data",
  "=> Send data",
  "<= Recv SSL data",
  "=> Send SSL data",
];

const encoder = new TextEncoder(), decoder = new TextDecoder("latin1");

/** Writes the trace of all transfers. */
export class Trace {
  readonly #global: CurlGlobal;
  readonly #messages: Messages;
  readonly #io: Io;
  /** The descriptor of the file, -1 for standard error. */
  readonly #file: number;
  #isInLine = false;
  #isAfterData = false;

  /** Opens the file; warns where it cannot be written. */
  constructor(global: CurlGlobal, messages: Messages, io: Io) {
    this.#global = global;
    this.#messages = messages;
    this.#io = io;
    const path = global.trace?.path ?? "%";
    this.#file = path === "-" ? 1 : path === "%" ? -1 : messages.open(path);
  }

  /** The options of an easy handle that is traced; none where no trace was asked for. */
  options(): EasyOptions {
    const { trace, verbose } = this.#global;
    if (trace === null && verbose === 0) return {};
    return {
      VERBOSE: 1,
      DEBUGFUNCTION: (_, type, bytes) => {
        if (trace === null) this.#plain(type, bytes);
        else this.#dump(type, bytes, trace.isAscii);
      },
    };
  }

  #write(bytes: Uint8Array): void {
    if (this.#file < 0) this.#messages.writeBytes(bytes);
    else if (this.#file === 1) this.#io.write(1, bytes);
    else writeAll(this.#file, bytes);
  }

  #text(text: string): void {
    this.#write(encoder.encode(text));
  }

  get #time(): string {
    if (!this.#global.traceTime) return "";
    const now = new Date(), ms = String(now.getMilliseconds()).padStart(3, "0");
    return `${now.toTimeString().slice(0, 8)}.${ms}000 `;
  }

  #plain(type: number, bytes: Uint8Array): void {
    if (type >= DATA_IN) return this.#counted(type, bytes);
    this.#isAfterData = false;
    const lines = type === HEADER_OUT ? splitLines(bytes) : [bytes];
    for (const line of lines) {
      if (!this.#isInLine) this.#text(`${this.#time}${SIGNS[type] ?? ""}`);
      this.#write(line);
      this.#isInLine = line.at(-1) !== 10;
    }
  }

  /** Writes only the count of a body's bytes: the body itself goes to its output. */
  #counted(type: number, bytes: Uint8Array): void {
    if (this.#isAfterData) return;
    if (this.#isInLine) this.#text("\n");
    this.#text(`${this.#time}${SIGNS[type] ?? ""}[${bytes.length} bytes data]\n`);
    this.#isInLine = false;
    this.#isAfterData = true;
  }

  #dump(type: number, bytes: Uint8Array, isAscii: boolean): void {
    if (type === TEXT) {
      this.#text(`${this.#time}* `);
      return this.#write(bytes);
    }
    const { length } = bytes, title = TITLES[type] ?? "";
    this.#text(`${this.#time}${title}, ${length} bytes (0x${length.toString(16)})\n`);
    this.#text(isAscii ? asciiDump(bytes) : hexDump(bytes));
  }

  close(): void {
    if (this.#file > 2) closeSync(this.#file);
  }
}

function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at), next = end < 0 ? bytes.length : end + 1;
    lines.push(bytes.subarray(at, next));
    at = next;
  }
  return lines;
}

const HEX_WIDTH = 16, ASCII_WIDTH = 64;
const offset = (at: number) => at.toString(16).padStart(4, "0");
const printable = (bytes: Uint8Array) => decoder.decode(bytes).replace(/[^\x20-\x7e]/g, ".");

function hexDump(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += HEX_WIDTH) {
    const line = bytes.subarray(at, at + HEX_WIDTH);
    const hex = Array.from(line, (byte) => `${byte.toString(16).padStart(2, "0")} `).join("");
    text += `${offset(at)}: ${hex.padEnd(HEX_WIDTH * 3)}${printable(line)}\n`;
  }
  return text;
}

/** A dump as text, in which the line ends of headers begin a new line. */
function asciiDump(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    let end = at;
    const isEnd = () => bytes[end] === 13 && bytes[end + 1] === 10;
    while (end < bytes.length && end - at < ASCII_WIDTH && !isEnd()) end++;
    text += `${offset(at)}: ${printable(bytes.subarray(at, end))}\n`;
    at = isEnd() ? end + 2 : end;
  }
  return text;
}
