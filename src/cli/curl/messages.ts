/**
 * The messages of the command on standard error.
 *
 * @module
 */

import { type Io, reason, writeAll } from "../io.ts";
import { closeSync, openSync } from "node:fs";
import type { CurlGlobal } from "../../command/types.ts";

const encoder = new TextEncoder();

/** Prints errors, warnings and notes, unless the options of the command suppress them. */
export class Messages {
  readonly #io: Io;
  readonly #global: CurlGlobal;
  /** The descriptor of the file of `--stderr`, -1 for none. */
  readonly #file: number = -1;

  /** Opens the file of `--stderr`; where that fails, warns and uses standard error. */
  constructor(io: Io, global: CurlGlobal) {
    this.#io = io;
    this.#global = global;
    const path = global.stderr;
    if (path !== null && path !== "-") this.#file = this.open(path);
  }

  /** Opens a file for output other than bodies; warns and returns -1 where that fails. */
  open(path: string, flags: "w" | "a" = "w"): number {
    try {
      return openSync(path, flags);
    } catch (error) {
      this.warn(`Failed to open ${path}: ${reason(error)}`);
      return -1;
    }
  }

  /** Writes text to standard error or its replacement. */
  write(text: string): void {
    this.writeBytes(encoder.encode(text));
  }

  /** Writes bytes to standard error or its replacement. */
  writeBytes(bytes: Uint8Array): void {
    if (this.#file >= 0) writeAll(this.#file, bytes);
    else this.#io.write(this.#global.stderr === "-" ? 1 : 2, bytes);
  }

  /** Prints an error with the exit code of the command. */
  error(code: number, text: string): void {
    if (!this.#global.silent || this.#global.showError) this.write(`curl: (${code}) ${text}\n`);
  }

  /** Prints a warning. */
  warn(text: string): void {
    if (!this.#global.silent) this.write(`Warning: ${text}\n`);
  }

  /** Prints a note, only with `-v`. */
  note(text: string): void {
    if (this.#global.verbose > 0) this.write(`Note: ${text}\n`);
  }

  /** Whether the messages go to a terminal. */
  get isTerminal(): boolean {
    return this.#file < 0 && this.#io.isTerminal(this.#global.stderr === "-" ? 1 : 2);
  }

  /** Closes the file. */
  close(): void {
    if (this.#file >= 0) closeSync(this.#file);
  }
}
