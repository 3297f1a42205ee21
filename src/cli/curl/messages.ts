/**
 * What the command says of itself on standard error.
 *
 * @module
 */

import { type Io, reason, writeAll } from "../io.ts";
import { closeSync, openSync } from "node:fs";
import type { CurlGlobal } from "../../command/types.ts";

const encoder = new TextEncoder();

/** Errors, warnings and notes, as far as the command wants to hear of them. */
export class Messages {
  readonly #io: Io;
  readonly #global: CurlGlobal;
  /** A file that has them instead, -1 for none. */
  readonly #file: number = -1;

  /** Warns where the file of `--stderr` cannot be written, and goes on with standard error. */
  constructor(io: Io, global: CurlGlobal) {
    this.#io = io;
    this.#global = global;
    const path = global.stderr;
    if (path !== null && path !== "-") this.#file = this.open(path);
  }

  /** Opens a file to write what is told beside the bodies; warns and gives -1 where it cannot. */
  open(path: string, flags: "w" | "a" = "w"): number {
    try {
      return openSync(path, flags);
    } catch (error) {
      this.warn(`Failed to open ${path}: ${reason(error)}`);
      return -1;
    }
  }

  /** Writes text where messages go. */
  write(text: string): void {
    this.writeBytes(encoder.encode(text));
  }

  /** The same of bytes. */
  writeBytes(bytes: Uint8Array): void {
    if (this.#file >= 0) writeAll(this.#file, bytes);
    else this.#io.write(this.#global.stderr === "-" ? 1 : 2, bytes);
  }

  /** An error with the code that the command ends with. */
  error(code: number, text: string): void {
    if (!this.#global.silent || this.#global.showError) this.write(`curl: (${code}) ${text}\n`);
  }

  /** Something that is not as it seems to be meant. */
  warn(text: string): void {
    if (!this.#global.silent) this.write(`Warning: ${text}\n`);
  }

  /** Something that only who looks closely wants to know. */
  note(text: string): void {
    if (this.#global.verbose > 0) this.write(`Note: ${text}\n`);
  }

  /** Whether they go to a terminal. */
  get isTerminal(): boolean {
    return this.#file < 0 && this.#io.isTerminal(this.#global.stderr === "-" ? 1 : 2);
  }

  /** Lets go of the file. */
  close(): void {
    if (this.#file >= 0) closeSync(this.#file);
  }
}
