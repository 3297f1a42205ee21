/**
 * The output of a transfer's body.
 *
 * @module
 */

import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, statSync } from "node:fs";
import { rmSync, utimesSync } from "node:fs";
import { dirname } from "node:path";
import { Code } from "../../errors.ts";
import type { CurlOutput, CurlTool } from "../../command/types.ts";
import { type Io, reason, systemCode, writeAll } from "../io.ts";
import type { Messages } from "./messages.ts";

/** curl's exit code for a failed write. */
export const WRITE_ERROR = 23;

/** An error of the tool itself, which ends a transfer with curl's code. */
export class ToolError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The number of bytes after which output is no longer checked for being binary. */
const LOOKED_AT = 2000;
/** The largest number that is tried in a file name where files exist already. */
const MOST_NAMES = 99;

/** A file, standard output, or nothing. A file is opened when the first bytes arrive. */
export class Output {
  readonly #io: Io;
  readonly #messages: Messages;
  readonly #tool: CurlTool;
  readonly #isDiscarded: boolean;
  /** Whether the command asks for standard output, as opposed to the default. */
  readonly #isStandardWanted: boolean;
  #path: string | null;
  #isServersName = false;
  #fd = -1;
  #start = 0;
  #bytes = 0;

  constructor(io: Io, messages: Messages, tool: CurlTool, output: CurlOutput, isWanted: boolean) {
    this.#io = io;
    this.#messages = messages;
    this.#tool = tool;
    this.#isDiscarded = output.isDiscarded;
    this.#isStandardWanted = isWanted;
    this.#path = output.file;
  }

  /** The path of the file, `null` for standard output. */
  get path(): string | null {
    return this.#path;
  }

  /** The number of bytes written, without those that the file had before. */
  get bytes(): number {
    return this.#bytes;
  }

  get isDiscarded(): boolean {
    return this.#isDiscarded;
  }

  /** Whether the output is a terminal. */
  get isTerminal(): boolean {
    return !this.#isDiscarded && this.#path === null && this.#io.isTerminal(1);
  }

  /** The size of the existing file, 0 for none. */
  existingSize(): number {
    try {
      return this.#path === null ? 0 : statSync(this.#path).size;
    } catch {
      return 0;
    }
  }

  /** Whether the file exists already. */
  exists(): boolean {
    try {
      return this.#path !== null && Boolean(statSync(this.#path));
    } catch {
      return false;
    }
  }

  /** Sets the name that the server has chosen, unless something was written already. */
  rename(path: string): void {
    if (this.#fd >= 0) throw new ToolError(WRITE_ERROR, "The file has another name already");
    this.#path = path;
    this.#isServersName = true;
  }

  /** Opens the file at its end, to continue from `start`. */
  resume(start: number): void {
    if (this.#path === null) return;
    this.#makeFolder();
    this.#fd = this.#open(this.#path, "a");
    this.#start = start;
  }

  /** Writes bytes. Throws `ToolError` where that fails. */
  write(bytes: Uint8Array): void {
    if (this.#isDiscarded) return;
    if (
      this.isTerminal && !this.#isStandardWanted && this.#bytes < LOOKED_AT && bytes.includes(0)
    ) {
      this.#messages.warn("Binary output can mess up your terminal: use -o FILE, or -o - for that");
      throw new ToolError(WRITE_ERROR, "Failure writing output to destination");
    }
    if (this.#path === null) this.#io.write(1, bytes);
    else {
      this.create();
      writeAll(this.#fd, bytes);
    }
    this.#bytes += bytes.length;
  }

  /** Creates the file, for a transfer without a body. */
  create(): void {
    if (this.#isDiscarded || this.#path === null || this.#fd >= 0) return;
    this.#makeFolder();
    const { clobber } = this.#tool, isFree = clobber ?? !this.#isServersName;
    if (isFree) this.#fd = this.#open(this.#path, "w");
    else if (clobber === null) this.#fd = this.#open(this.#path, "wx");
    else this.#fd = this.#openNumbered(this.#path);
  }

  #makeFolder(): void {
    if (!this.#tool.createDirs || this.#path === null) return;
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
    } catch (error) {
      throw new ToolError(WRITE_ERROR, `Failed to create ${dirname(this.#path)}: ${reason(error)}`);
    }
  }

  #open(path: string, flags: string): number {
    try {
      return openSync(path, flags);
    } catch (error) {
      this.#messages.warn(`Failed to open the file ${path}: ${reason(error)}`);
      throw new ToolError(WRITE_ERROR, "Failure writing output to destination");
    }
  }

  /** Opens the first of `name.1`, `name.2` and so on that does not exist. */
  #openNumbered(path: string): number {
    for (let i = 0; i <= MOST_NAMES; i++) {
      const name = i === 0 ? path : `${path}.${i}`;
      try {
        const fd = openSync(name, "wx");
        this.#path = name;
        return fd;
      } catch (error) {
        if (systemCode(error) !== "EEXIST" && systemCode(error) !== "EISDIR") break;
      }
    }
    return this.#open(path, "wx");
  }

  /** Discards what was written, for another attempt. */
  restart(): void {
    if (this.#fd < 0 || this.#bytes === 0 || !fstatSync(this.#fd).isFile()) return;
    this.#messages.note(`Throwing away ${this.#bytes} bytes`);
    ftruncateSync(this.#fd, this.#start);
    if (this.#start === 0) {
      closeSync(this.#fd);
      this.#fd = this.#open(this.#path as string, "w");
    }
    this.#bytes = 0;
  }

  /**
   * Closes the file. `time` is the server's time of the file in seconds since 1970, -1 for none.
   */
  close(isFailed: boolean, time: number): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    const isOpen = this.#fd >= 0, path = this.#path;
    this.#fd = -1;
    if (!isOpen || path === null) return;
    if (isFailed && this.#tool.removeOnError) {
      rmSync(path, { force: true });
      this.#messages.note(`Removed output file: ${path}`);
    } else if (!isFailed && this.#tool.remoteTime && time >= 0) utimesSync(path, time, time);
  }
}

/** The exit code for an error that ended a transfer. */
export function codeOf(error: unknown): number {
  const { code } = error as { readonly code?: unknown };
  return typeof code === "number" ? code : Code.BAD_FUNCTION_ARGUMENT;
}
