/**
 * The access of a command to the terminal, to files and to the environment.
 *
 * @module
 */

import { dictionary } from "../members.ts";
import { readFileSync, readSync, statSync, writeSync } from "node:fs";
import process from "node:process";
import { isatty } from "node:tty";

/** What a command may do outside of its process; a test passes its own. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes all of the bytes to standard output or standard error. */
  write(fd: 1 | 2, bytes: Uint8Array): void;
  isTerminal(fd: 0 | 1 | 2): boolean;
  /** The width of the terminal of standard error, in columns. */
  columns(): number;
  /** Reads from standard input; returns 0 at its end. */
  read(buffer: Uint8Array): number;
  readFile(path: string): Uint8Array;
  /** The modification time of a file, in ms since 1970. */
  fileTime(path: string): number;
}

const encoder = new TextEncoder();

/** Writes text. */
export function print(io: Io, text: string, fd: 1 | 2 = 1): void {
  io.write(fd, encoder.encode(text));
}

/** The code of a system error, such as `ENOENT`; "" for any other error. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** The reason of a system error in the words of the C library, else its code or its text. */
export function reason(error: unknown): string {
  const code = systemCode(error);
  return code === "" ? String(error) : REASONS[code] ?? code;
}

const REASONS: Readonly<Record<string, string>> = dictionary({
  EACCES: "Permission denied",
  EEXIST: "File exists",
  EISDIR: "Is a directory",
  ENOENT: "No such file or directory",
  ENOSPC: "No space left on device",
  ENOTDIR: "Not a directory",
  EROFS: "Read-only file system",
});

/**
 * Blocks the thread for 1 ms, during which the other process may read from a pipe or write to it.
 */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}

/** Writes all of the bytes, also to a non-blocking pipe, which takes them in pieces. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at, bytes.length - at);
    } catch (error) {
      if (systemCode(error) !== "EAGAIN") throw error;
      pause();
    }
  }
}

function readSome(fd: number, buffer: Uint8Array): number {
  for (;;) {
    try {
      return readSync(fd, buffer, 0, buffer.length, null);
    } catch (error) {
      const code = systemCode(error);
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      pause();
    }
  }
}

/** Reads standard input to its end. */
function readAll(): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const buffer = new Uint8Array(65536), count = readSome(0, buffer);
    if (count === 0) break;
    pieces.push(buffer.subarray(0, count));
  }
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The `Io` of this process. */
export const processIo: Io = {
  env: process.env,
  write: writeAll,
  isTerminal: isatty,
  columns: () => process.stderr.columns ?? 80,
  read: (buffer) => readSome(0, buffer),
  readFile: (path) => path === "-" ? readAll() : readFileSync(path),
  fileTime: (path) => statSync(path).mtimeMs,
};
