/**
 * The options of a command, in their order, before transfers are made of them.
 *
 * @module
 */

import { CurlCommandError, type CurlPlace } from "../command_error.ts";
import type { Word } from "../shell/words.ts";
import type { Name } from "../table/effect.ts";
import type { CurlFormPart } from "../types.ts";

/** The value of an easy option; texts of a list may contain raw bytes. */
export type Value = number | string | readonly string[];

/** The value of an option of curl's tool. */
export type ToolValue = number | string | boolean;

/** A piece of the data of `-d` and its variants. */
export type DataPiece =
  & { readonly isJson: boolean }
  & (
    | { readonly text: string }
    | {
      readonly file: string;
      readonly place: CurlPlace;
      /**
       * `"lines"` removes line ends and NULs; `"encoded"` has `name=` in front if there is a name.
       */
      readonly how: "lines" | "whole" | "encoded";
      readonly name: string;
    }
  );

/** A URL with its output and upload. */
export interface Entry {
  url: Word | null;
  /** Whether braces and brackets in the URL are literal. */
  isLiteral: boolean;
  output: Output | null;
  /** The file to send, `""` where `-T` has an empty value. */
  upload: Word | null;
}

/** The output of the body: a file, a file named as in the URL, or none. */
export type Output =
  | { readonly kind: "file"; readonly path: Word }
  | { readonly kind: "remote" | "standard" | "nowhere" };

/** The kind of request, which decides the method. */
export type RequestKind = "HEAD" | "form" | "data" | "upload";

const KIND_NAMES: Readonly<Record<RequestKind, string>> = {
  HEAD: "--head",
  form: "--form",
  data: "--data",
  upload: "--upload-file",
};

/** A level of a form during reading. */
export interface FormLevel {
  readonly parts: CurlFormPart[];
  readonly parent: FormLevel | null;
  /** The number of levels around this one. */
  readonly depth: number;
}

/** The options between two `--next`. */
export class Group {
  readonly entries: Entry[] = [];
  readonly options: Map<Name, Value> = new Map();
  readonly tool: Map<string, ToolValue> = new Map();
  readonly data: DataPiece[] = [];
  readonly query: DataPiece[] = [];
  readonly cookies: string[] = [];
  readonly cookieFiles: string[] = [];
  /** The last place of each option, by its name; options that were switched off have none. */
  readonly places: Map<string, CurlPlace> = new Map();
  readonly tls: { min: number; max: number } = { min: 0, max: 0 };
  /** The outermost level of the form, and the innermost one that is open. */
  form: { readonly root: FormLevel; current: FormLevel } | null = null;
  #kind: RequestKind | null = null;
  /**
   * Index of the first entry that may lack the member: all before it have it, and none loses it.
   */
  readonly #free: Record<"url" | "output" | "upload", number> = { url: 0, output: 0, upload: 0 };

  /** The kind of request that the options have set so far. */
  get kind(): RequestKind | null {
    return this.#kind;
  }

  /** Sets the kind. Throws `CurlCommandError` where another one was set already. */
  choose(kind: RequestKind, place: CurlPlace): void {
    if (this.#kind !== null && this.#kind !== kind) {
      const names = `${KIND_NAMES[this.#kind]} or ${KIND_NAMES[kind]}`;
      throw new CurlCommandError(place, `one way to make a request, ${names}`, "both");
    }
    this.#kind = kind;
  }

  /** Unsets the kind, if it is this one. */
  unchoose(kind: RequestKind): void {
    if (this.#kind === kind) this.#kind = null;
  }

  /** The first entry that does not have that member yet. */
  entry(member: "url" | "output" | "upload"): Entry {
    for (; this.#free[member] < this.entries.length; this.#free[member]++) {
      const free = this.entries[this.#free[member]] as Entry;
      if (free[member] === null) return free;
    }
    const entry: Entry = { url: null, isLiteral: false, output: null, upload: null };
    this.entries.push(entry);
    return entry;
  }

  /** The bits set in an easy option. */
  bits(name: Name): number {
    const value = this.options.get(name);
    return typeof value === "number" ? value : 0;
  }

  /** Appends to the list of an easy option. */
  append(name: Name, text: string): void {
    const list = this.options.get(name) as string[] | undefined;
    if (list) list.push(text); // a copy each time would take time with the square of their number
    else this.options.set(name, [text]);
  }

  /** Whether an option of curl's tool is on. */
  is(name: string): boolean {
    return this.tool.get(name) === true;
  }
}
