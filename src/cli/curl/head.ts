/**
 * The header lines of a transfer: printed, written to a file, and searched for a file's name.
 *
 * @module
 */

import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type { Easy } from "../../handles/easy/easy.ts";
import type { CurlTool } from "../../command/types.ts";
import { type Io, reason, writeAll } from "../io.ts";
import { type Output, ToolError, WRITE_ERROR } from "./output.ts";

/** What to do with the header lines. */
export interface HeadOptions {
  readonly tool: CurlTool;
  readonly output: Output;
  readonly scheme: string;
  /** Whether the server may choose the name of the file, and the folder for it. */
  readonly isNamedByServer: boolean;
  readonly folder: string;
  /** Whether header names are printed in bold. */
  readonly isStyled: boolean;
  /** Whether this transfer is the first to write to the file of `-D`. */
  readonly isFirst: boolean;
}

const SHOWN = new Set(["http", "https", "rtsp", "file"]);
const decoder = new TextDecoder(), encoder = new TextEncoder();

/** Processes the header lines of one transfer. */
export class Head {
  readonly #io: Io;
  readonly #options: HeadOptions;
  readonly #dump: number;
  /** Lines that are kept until the file has its name. */
  #waiting: Uint8Array[] = [];
  #isNamed: boolean;
  #count = 0;
  #isOver = false;
  /** The ETag to save. */
  etag: string | null = null;

  constructor(io: Io, options: HeadOptions) {
    this.#io = io;
    this.#options = options;
    this.#isNamed = !options.isNamedByServer;
    this.#dump = this.#openDump();
  }

  /** The number of headers of the last response. */
  get count(): number {
    return this.#count;
  }

  #openDump(): number {
    const { tool: { dumpHeader: path, createDirs }, isFirst } = this.#options;
    if (path === null) return -1;
    if (path === "-") return 1;
    if (path === "%") return 2;
    try {
      if (createDirs) mkdirSync(dirname(path), { recursive: true });
      return openSync(path, isFirst ? "w" : "a");
    } catch (error) {
      throw new ToolError(WRITE_ERROR, `Failed to open ${path}: ${reason(error)}`);
    }
  }

  /** Processes a line. */
  line(bytes: Uint8Array, easy: Easy): void {
    if (this.#dump === 1 || this.#dump === 2) this.#io.write(this.#dump, bytes);
    else if (this.#dump >= 0) writeAll(this.#dump, bytes);
    const text = decoder.decode(bytes);
    this.#countLine(text);
    const status = easy.getInfo("RESPONSE_CODE");
    if (/^https?$/.test(this.#options.scheme) && (status >= 200 && status < 400)) {
      this.#look(text, status);
    }
    this.#show(bytes, text);
  }

  #countLine(text: string): void {
    if (text.includes(":")) {
      if (this.#isOver) this.#count = 0;
      this.#isOver = false;
      this.#count++;
    } else if (/^[\r\n]/.test(text)) this.#isOver = true;
  }

  #look(text: string, status: number): void {
    const { tool } = this.#options;
    const etag = /^etag:(.*)$/is.exec(text)?.[1]?.trim();
    if (etag && tool.etagSave !== null) this.etag = etag;
    if (this.#isNamed) return;
    const location = status >= 300 ? /^location:[ \t]*([^?#\r\n]*)/i.exec(text)?.[1] : undefined;
    const disposition = /^content-disposition:(.*)$/is.exec(text)?.[1];
    const name = lastPart(location ?? fileNameIn(disposition ?? "") ?? "");
    if (name !== "") {
      const { folder } = this.#options;
      this.#options.output.rename(folder === "" ? name : `${folder}/${name}`);
    }
    if (disposition !== undefined) this.#isNamed = true;
  }

  #show(bytes: Uint8Array, text: string): void {
    const { tool, output, scheme, isStyled } = this.#options;
    if (!tool.showHeaders || output.isDiscarded || !SHOWN.has(scheme)) return;
    const shown = isStyled
      ? encoder.encode(text.replace(/^[^:\r\n]+(?=:)/, "\x1b[1m$&\x1b[0m"))
      : bytes.slice();
    if (this.#isNamed) this.#flush().write(shown);
    else this.#waiting.push(shown);
  }

  #flush(): Output {
    const { output } = this.#options;
    for (const line of this.#waiting) output.write(line);
    this.#waiting = [];
    return output;
  }

  /** The body begins, or the transfer ends: the server can no longer choose a name. */
  end(): void {
    this.#isNamed = true;
    this.#flush();
  }

  /** Resets the state for another attempt. */
  restart(): void {
    this.#waiting = [];
    this.#isNamed = !this.#options.isNamedByServer;
  }

  /** Closes the file. */
  close(): void {
    if (this.#dump > 2) closeSync(this.#dump);
  }
}

/** The `filename` of a Content-Disposition. */
function fileNameIn(text: string): string | null {
  const found = /(?:^|[;\s])filename=[ \t]*("([^"]*)"?|'([^']*)'?|[^;\r\n]*)/i.exec(text);
  return found ? (found[2] ?? found[3] ?? found[1] ?? "").trim() : null;
}

/** The text after the last slash or backslash, without line ends. */
function lastPart(path: string): string {
  return (path.split(/[/\\]/).at(-1) ?? "").replace(/[\r\n\0].*$/s, "");
}
