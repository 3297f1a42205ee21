/**
 * Patterns in URLs, with braces and brackets: {@link https://curl.se/docs/manpage.html#GLOBBING}.
 *
 * @module
 */

import { CommandCode, CurlCommandError } from "../command_error.ts";
import type { Word } from "../shell/words.ts";

/** A set in braces or a range in brackets. */
interface Wildcard {
  /** The number, from 1 on, and the name, where it has one. */
  readonly index: number;
  readonly name: string | null;
  readonly count: number;
  valueAt(index: number): string;
}

/** A parsed pattern: `texts[i]`, `wildcards[i]`, `texts[i + 1]`…: one text more than wildcards. */
export interface Glob {
  readonly texts: readonly string[];
  readonly wildcards: readonly Wildcard[];
  /** The number of URLs that the pattern stands for. */
  readonly count: number;
}

/** One of the URLs of a pattern. */
export interface Match {
  readonly text: string;
  /** The value of each wildcard in this URL. */
  readonly values: ReadonlyMap<string, string>;
}

/** The largest numbers of elements of a set, and of wildcards of a pattern. */
const MOST_ELEMENTS = 100_000, MOST_WILDCARDS = 120;

/** A pattern without wildcards. */
export function literal(text: string): Glob {
  return { texts: [text], wildcards: [], count: 1 };
}

/** Reads a pattern. Throws `CurlCommandError` with CURLE_URL_MALFORMAT. */
export function readGlob(pattern: Word): Glob {
  return new GlobReader(pattern).read();
}

function fail(pattern: Word, at: number, expected: string): never {
  const code = CommandCode.URL_MALFORMAT;
  throw new CurlCommandError(pattern.placeOf(at), `${expected} (or -g)`, "", code);
}

class GlobReader {
  readonly #pattern: Word;
  readonly #text: string;
  readonly #wildcards: Wildcard[] = [];
  #at = 0;

  constructor(pattern: Word) {
    this.#pattern = pattern;
    this.#text = pattern.text;
  }

  read(): Glob {
    const texts: string[] = [];
    let text = "", count = 1;
    while (this.#at < this.#text.length) {
      const unit = this.#text[this.#at] as string, next = this.#text[this.#at + 1] ?? "";
      const address = unit === "[" ? this.#address() : "";
      if (address !== "") text += this.#take(address.length);
      else if (unit === "{" || unit === "[") {
        const wildcard = this.#wildcard(unit);
        texts.push(text);
        text = "";
        count *= wildcard.count;
      } else if (unit === "}" || unit === "]") {
        fail(this.#pattern, this.#at, `a backslash before a ${unit} that nothing opens`);
      } else if (unit === "\\" && /[{}[\]]/.test(next)) {
        this.#at++;
        text += this.#take(1);
      } else text += this.#take(1);
    }
    if (count > Number.MAX_SAFE_INTEGER) fail(this.#pattern, 0, "fewer URLs");
    return { texts: [...texts, text], wildcards: this.#wildcards, count };
  }

  #take(length: number): string {
    this.#at += length;
    return this.#text.slice(this.#at - length, this.#at);
  }

  /** Reads brackets that are not a wildcard: an IPv6 address, or empty ones. */
  #address(): string {
    const rest = this.#text.slice(this.#at, this.#at + 128);
    return /^\[(?:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[^\]]*)?|)\]/.exec(rest)?.[0] ??
      "";
  }

  #wildcard(kind: string): Wildcard {
    const open = this.#at++;
    if (this.#wildcards.length >= MOST_WILDCARDS) fail(this.#pattern, open, "fewer patterns");
    const name = this.#name(), index = this.#wildcards.length + 1;
    const wildcard = { index, name, ...(kind === "{" ? this.#set(open) : this.#range(open)) };
    this.#wildcards.push(wildcard);
    return wildcard;
  }

  #name(): string | null {
    const found = /^<([^>]{1,64})>/.exec(this.#text.slice(this.#at, this.#at + 66));
    if (!found) return null;
    const name = found[1] as string;
    if (this.#wildcards.some((other) => other.name === name)) {
      fail(this.#pattern, this.#at, "another name for the pattern");
    }
    this.#at += found[0].length;
    return name;
  }

  #set(open: number): Pick<Wildcard, "count" | "valueAt"> {
    const elements: string[] = [];
    let element = "";
    for (;;) {
      const at = this.#at, unit = this.#text[at];
      if (unit === undefined) fail(this.#pattern, open, "a } that ends the set");
      this.#at++;
      if (unit === "{" || unit === "[" || unit === "]") {
        fail(this.#pattern, at, "no bracket or brace inside the set, but for a \\ before it");
      }
      if (unit === "}" && elements.length === 0 && element === "") {
        fail(this.#pattern, at, "something between the braces");
      }
      if (unit !== "," && unit !== "}") {
        element += unit === "\\" && this.#at < this.#text.length ? this.#take(1) : unit;
        continue;
      }
      elements.push(element);
      element = "";
      if (elements.length > MOST_ELEMENTS) fail(this.#pattern, at, "fewer elements");
      if (unit === "}") return { count: elements.length, valueAt: (i) => elements[i] as string };
    }
  }

  #range(open: number): Pick<Wildcard, "count" | "valueAt"> {
    const rest = this.#text.slice(this.#at, this.#at + 80);
    const letters = /^([A-Za-z])-([A-Za-z])(?::(\d{1,3}))?\]/.exec(rest);
    const numbers = /^(\d{1,15})- *(\d{1,15})(?::(\d{1,15}))?\]/.exec(rest);
    const found = letters ?? numbers;
    if (!found) fail(this.#pattern, open, "a range, such as [1-9], [01-20:2] or [a-f]");
    const [whole, from, to, by = "1"] = found as unknown as [string, string, string, string?];
    const first = letters ? from.charCodeAt(0) : Number(from);
    const last = letters ? to.charCodeAt(0) : Number(to), step = Number(by);
    const isOne = first === last && step === 1;
    if (!isOne && (first >= last || step < 1 || step > last - first)) {
      fail(this.#pattern, open, "a range that goes up, with a step inside of it");
    }
    this.#at += whole.length;
    const width = !letters && from.startsWith("0") ? from.length : 0;
    const valueAt = (i: number) => {
      const value = first + i * step;
      return letters ? String.fromCharCode(value) : String(value).padStart(width, "0");
    };
    return { count: Math.floor((last - first) / step) + 1, valueAt };
  }
}

/** All URLs of a pattern; the last wildcard changes first. */
export function* matches({ texts, wildcards, count }: Glob): Generator<Match, void, void> {
  for (let n = 0; n < count; n++) {
    const values = new Map<string, string>(), found: string[] = [];
    let rest = n;
    for (const wildcard of wildcards.toReversed()) {
      const value = wildcard.valueAt(rest % wildcard.count);
      rest = Math.floor(rest / wildcard.count);
      found.unshift(value);
      values.set(`${wildcard.index}`, value);
      if (wildcard.name !== null) values.set(`<${wildcard.name}>`, value);
    }
    yield { text: texts.map((text, i) => text + (found[i] ?? "")).join(""), values };
  }
}

/** A file name in which `#1` and `#<name>` are replaced by the values of the wildcards. */
export function fillName(name: Word, values: ReadonlyMap<string, string>): string {
  return name.text.replace(/#(?:(\d+)|(<[^>]{1,64}>))/g, (whole, number, named, at: number) => {
    const value = values.get(number ?? named);
    if (value === undefined && named !== undefined) {
      throw new CurlCommandError(name.placeOf(at), "the name of a pattern of the URL");
    }
    return value ?? whole;
  });
}
