/**
 * Where the body of a transfer goes.
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

/** curl's code for what cannot be written. */
export const WRITE_ERROR = 23;

/** An error of the tool itself, which ends a transfer with curl's code. */
export class ToolError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** From how many bytes on nobody looks for binary output any more. */
const LOOKED_AT = 2000;
/** How many numbered names are tried where files are there already. */
const MOST_NAMES = 99;

/** A file, standard output, or nothing; a file is opened when something comes. */
export class Output {
  readonly #io: Io;
  readonly #messages: Messages;
  readonly #tool: CurlTool;
  readonly #isDiscarded: boolean;
  /** Whether standard output was asked for, or is only what is left. */
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

  /** How many bytes came, without those that were there before. */
  get bytes(): number {
    return this.#bytes;
  }

  get isDiscarded(): boolean {
    return this.#isDiscarded;
  }

  /** Whether it goes to a terminal. */
  get isTerminal(): boolean {
    return !this.#isDiscarded && this.#path === null && this.#io.isTerminal(1);
  }

  /** How large the file is that is there, 0 for none. */
  existingSize(): number {
    try {
      return this.#path === null ? 0 : statSync(this.#path).size;
    } catch {
      return 0;
    }
  }

  /** Whether there is a file already. */
  exists(): boolean {
    try {
      return this.#path !== null && Boolean(statSync(this.#path));
    } catch {
      return false;
    }
  }

  /** Takes the name that the server gives, where nothing has been written yet. */
  rename(path: string): void {
    if (this.#fd >= 0) throw new ToolError(WRITE_ERROR, "The file has another name already");
    this.#path = path;
    this.#isServersName = true;
  }

  /** Opens the file at its end, to go on from `start`. */
  resume(start: number): void {
    if (this.#path === null) return;
    this.#makeFolder();
    this.#fd = this.#open(this.#path, "a");
    this.#start = start;
  }

  /** Writes. Throws `ToolError` where that cannot be. */
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

  /** Makes the file, also where nothing comes. */
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

  /** `name.1` and so on, the first that is free. */
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

  /** Takes back what has been written, for another attempt. */
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

  /** Ends the file. `time` is what the server says, in seconds since 1970, -1 for nothing. */
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

/** The code of an error that ended a transfer. */
export function codeOf(error: unknown): number {
  const { code } = error as { readonly code?: unknown };
  return typeof code === "number" ? code : Code.BAD_FUNCTION_ARGUMENT;
}
