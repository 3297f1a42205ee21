/**
 * The upload of a file or of standard input.
 *
 * @module
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { EasyOptions } from "../../handles/easy/easy.ts";
import type { Io } from "../io.ts";
import { ToolError } from "./output.ts";

const READ_ERROR = 26;

/** A source of bytes, with the options of an easy handle that read it. */
export class Upload {
  readonly #io: Io;
  readonly #fd: number;
  readonly size: number | null;
  #at = 0;

  /** Opens the file. Throws `ToolError` where it cannot be read. */
  constructor(io: Io, path: string) {
    this.#io = io;
    this.#fd = path === "-" || path === "." ? -1 : open(path);
    const stat = this.#fd < 0 ? null : fstatSync(this.#fd);
    this.size = stat?.isFile() ? stat.size : null;
  }

  /** The options that upload the bytes. */
  options(): EasyOptions {
    return {
      ...(this.size === null ? {} : { INFILESIZE_LARGE: this.size }),
      READFUNCTION: (buffer) => this.#read(buffer),
      ...(this.size === null ? {} : { SEEKFUNCTION: (_, offset) => void (this.#at = offset) }),
    };
  }

  #read(buffer: Uint8Array): number {
    if (this.#fd < 0) return this.#io.read(buffer);
    const isSeekable = this.size !== null;
    const count = readSync(this.#fd, buffer, 0, buffer.length, isSeekable ? this.#at : null);
    this.#at += count;
    return count;
  }

  /** Rewinds, for another attempt. */
  restart(): void {
    this.#at = 0;
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
  }
}

function open(path: string): number {
  try {
    return openSync(path, "r");
  } catch {
    throw new ToolError(READ_ERROR, `cannot open '${path}'`);
  }
}
