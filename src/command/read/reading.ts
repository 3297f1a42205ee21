/**
 * The state of a command while it is read, and its access to files and variables.
 *
 * @module
 */

import { check, Kinds, READ } from "../arguments.ts";
import { CommandCode, CurlCommandError, type CurlPlace } from "../command_error.ts";
import { textOf, type Word } from "../shell/words.ts";
import type { OptionRow } from "../table/effect.ts";
import type { CurlNote } from "../types.ts";
import { Group, type ToolValue } from "./group.ts";

/** The external data that a command may use. */
export interface Sources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: ((path: string) => Uint8Array) | undefined;
  readonly fileTime: ((path: string) => number) | undefined;
  /** The initial list of `--proto`. */
  readonly protocols: readonly string[];
}

/** What the tool does instead of transfers. */
export interface Action {
  readonly name: "help" | "manual" | "version" | "engines";
  readonly value: string;
}

/** An option as it was given. */
export interface Given {
  readonly reading: Reading;
  readonly group: Group;
  readonly name: string;
  readonly row: OptionRow;
  /** False for `--no-…`. */
  readonly isOn: boolean;
  /** The value, empty for an option without one. */
  readonly value: Word;
  /** The place of the option. */
  readonly place: CurlPlace;
}

/** A command during reading. */
export class Reading {
  readonly sources: Sources;
  readonly groups: Group[] = [new Group()];
  readonly global: Map<string, ToolValue> = new Map();
  readonly variables: Map<string, string> = new Map();
  readonly notes: CurlNote[] = [];
  /** The number of characters that variables were expanded to. */
  expanded = 0;
  action: Action | null = null;

  constructor(sources: Sources) {
    this.sources = sources;
  }

  /** The group that receives options. */
  get group(): Group {
    return this.groups.at(-1) as Group;
  }

  /** Begins the next group. */
  next(place: CurlPlace): void {
    if (!this.group.entries.some(({ url }) => url !== null)) {
      throw new CurlCommandError(place, "a URL before --next");
    }
    this.groups.push(new Group());
  }

  /**
   * The bytes of a file, `"-"` for standard input. Throws `CurlCommandError` where it cannot be
   * read.
   */
  bytes(path: string, place: CurlPlace): Uint8Array {
    const { readFile } = this.sources, code = CommandCode.READ_ERROR;
    if (!readFile) {
      const expected = 'leave to read a file, by the option "readFile"';
      throw new CurlCommandError(place, expected, "", code);
    }
    let bytes: Uint8Array;
    try {
      bytes = readFile(path);
    } catch (cause) {
      throw new CurlCommandError(place, "a file that can be read", "none", code, { cause });
    }
    check(READ, "the result of readFile", Kinds.bytes, bytes);
    return bytes;
  }

  /** The lines of a file, without comments and blank lines, as curl reads them. */
  lines(path: string, place: CurlPlace): string[] {
    const text = textOf(this.bytes(path, place)).replaceAll("\0", "");
    return text.split("\n").map((line) => line.replace(/\r$/, ""))
      .filter((line) => !/^[ \t]*(?:#|$)/.test(line));
  }
}

/** Throws an error at a character of a value. */
export function fail(value: Word, index: number, expected: string, found = ""): never {
  throw new CurlCommandError(value.placeOf(index), expected, found);
}
