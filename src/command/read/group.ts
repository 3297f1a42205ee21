/**
 * What a command says, in the order in which it says it, before transfers are made of it.
 *
 * @module
 */

import { CurlCommandError, type CurlPlace } from "../command_error.ts";
import type { Word } from "../shell/words.ts";
import type { Name } from "../table/effect.ts";
import type { CurlFormPart } from "../types.ts";

/** The value of an easy option; the texts of a list may have raw bytes in them. */
export type Value = number | string | readonly string[];

/** What the tool is told by an option. */
export type ToolValue = number | string | boolean;

/** A piece of what `-d` and its kin send. */
export type DataPiece =
  & { readonly isJson: boolean }
  & (
    | { readonly text: string }
    | {
      readonly file: string;
      readonly place: CurlPlace;
      /** `"lines"` leaves line ends and NULs out; `"encoded"` has `name=` in front where named. */
      readonly how: "lines" | "whole" | "encoded";
      readonly name: string;
    }
  );

/** A URL with what stands beside it. */
export interface Entry {
  url: Word | null;
  /** Whether braces and brackets are only themselves. */
  isLiteral: boolean;
  output: Output | null;
  /** The file to send, `""` for none although `-T` was said. */
  upload: Word | null;
}

/** Where the body goes: a file, a file named as in the URL, nowhere. */
export type Output =
  | { readonly kind: "file"; readonly path: Word }
  | { readonly kind: "remote" | "standard" | "nowhere" };

/** What decides the method. */
export type RequestKind = "HEAD" | "form" | "data" | "upload";

const KIND_NAMES: Readonly<Record<RequestKind, string>> = {
  HEAD: "--head",
  form: "--form",
  data: "--data",
  upload: "--upload-file",
};

/** A form while it is read. */
export interface FormLevel {
  readonly parts: CurlFormPart[];
  readonly parent: FormLevel | null;
  /** How many levels it is in. */
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
  /** Where each option stood last, by its name; one that was switched off is not among them. */
  readonly places: Map<string, CurlPlace> = new Map();
  readonly tls: { min: number; max: number } = { min: 0, max: 0 };
  /** The outermost level of the form, and the one that is open. */
  form: { readonly root: FormLevel; current: FormLevel } | null = null;
  #kind: RequestKind | null = null;
  /** Before these entries all have the member: it is never taken away. */
  readonly #free: Record<"url" | "output" | "upload", number> = { url: 0, output: 0, upload: 0 };

  /** What was said of the method. */
  get kind(): RequestKind | null {
    return this.#kind;
  }

  /** Says it. Throws `CurlCommandError` where something else was said already. */
  choose(kind: RequestKind, place: CurlPlace): void {
    if (this.#kind !== null && this.#kind !== kind) {
      const names = `${KIND_NAMES[this.#kind]} or ${KIND_NAMES[kind]}`;
      throw new CurlCommandError(place, `one way to make a request, ${names}`, "both");
    }
    this.#kind = kind;
  }

  /** Takes it back, where it was that. */
  unchoose(kind: RequestKind): void {
    if (this.#kind === kind) this.#kind = null;
  }

  /** The first entry that has no such member yet. */
  entry(member: "url" | "output" | "upload"): Entry {
    for (; this.#free[member] < this.entries.length; this.#free[member]++) {
      const free = this.entries[this.#free[member]] as Entry;
      if (free[member] === null) return free;
    }
    const entry: Entry = { url: null, isLiteral: false, output: null, upload: null };
    this.entries.push(entry);
    return entry;
  }

  /** The bits of an easy option. */
  bits(name: Name): number {
    const value = this.options.get(name);
    return typeof value === "number" ? value : 0;
  }

  /** Adds to the list of an easy option. */
  append(name: Name, text: string): void {
    const list = this.options.get(name) as string[] | undefined;
    if (list) list.push(text); // a copy each time would cost the square of their number
    else this.options.set(name, [text]);
  }

  /** Whether the tool is told to. */
  is(name: string): boolean {
    return this.tool.get(name) === true;
  }
}
