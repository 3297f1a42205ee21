/**
 * The words of a command in bash's quoting, which is that of Chrome, Firefox and Safari: see
 * {@link https://www.gnu.org/software/bash/manual/html_node/Quoting.html}.
 *
 * Constructs that only a shell can execute (pipes, substitutions, patterns) are refused.
 *
 * @module
 */

import { dictionary } from "../../members.ts";
import { CurlCommandError } from "../command_error.ts";
import { type PlaceOf, placesIn, rawByte, type Word, WordBuilder } from "./words.ts";
import { variableOf, type Variables } from "./variables.ts";

const BLANK = /[ \t]/, END = /[\n;]/;
const NAME = /^(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/;

const OPERATORS: Readonly<Record<string, string>> = dictionary({
  "|": "the end of the command (a pipe is the shell's)",
  "&": "the end of the command (quote a URL that has an &)",
  "<": "the end of the command (what the shell redirects has no effect here)",
  ">": "the end of the command (use -o to write a file)",
  "(": "quotes around a parenthesis",
  ")": "quotes around a parenthesis",
  "`": "a value (commands inside the command are the shell's)",
});

const CONTROLS: Readonly<Record<string, number>> = dictionary({
  a: 7,
  b: 8,
  e: 27,
  E: 27,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
});

/** Reads the words of one command. Throws `CurlCommandError` for anything but a simple command. */
export function bashWords(source: string, variables: Variables): Word[] {
  return new Lexer(source.toWellFormed(), variables).words();
}

class Lexer {
  readonly #source: string;
  readonly #placeOf: PlaceOf;
  readonly #variables: Variables;
  #at = 0;
  #word: WordBuilder | null = null;
  /** The offset of a `{` outside quotes, `null` for none. */
  #brace: number | null = null;
  #isList = false;

  constructor(source: string, variables: Variables) {
    this.#source = source;
    this.#placeOf = placesIn(source);
    this.#variables = variables;
  }

  words(): Word[] {
    const found: Word[] = [];
    while (this.#at < this.#source.length) {
      this.#skipBlanks(found.length === 0);
      const word = this.#next();
      if (word) found.push(word);
      if (this.#isEnd()) {
        this.#expectNothing();
        break;
      }
    }
    return found;
  }

  #fail(offset: number, expected: string, found = ""): never {
    throw new CurlCommandError(this.#placeOf(offset), expected, found);
  }

  get #unit(): string {
    return this.#source[this.#at] ?? "";
  }

  /** Whether the command ends here. */
  #isEnd(): boolean {
    return END.test(this.#unit) || (this.#unit === "\r" && this.#source[this.#at + 1] === "\n");
  }

  #skipBlanks(alsoLines: boolean): void {
    for (;; this.#at++) {
      if (this.#skipContinuation()) this.#at--;
      else if (this.#unit === "#") this.#skipComment();
      else if (!BLANK.test(this.#unit) && !(alsoLines && /[\r\n]/.test(this.#unit))) return;
    }
  }

  #skipComment(): void {
    const end = this.#source.indexOf("\n", this.#at);
    this.#at = (end < 0 ? this.#source.length : end) - 1;
  }

  /** A backslash at the end of a line. */
  #skipContinuation(): boolean {
    const found = /^\\\r?\n/.exec(this.#source.slice(this.#at, this.#at + 3));
    if (found) this.#at += found[0].length;
    return found !== null;
  }

  /** Throws unless only blanks, comments and separators follow the command. */
  #expectNothing(): void {
    const rest = /^(?:[\s;]|#.*)*/.exec(this.#source.slice(this.#at))?.[0] ?? "";
    this.#at += rest.length;
    if (this.#at < this.#source.length) {
      this.#fail(this.#at, "nothing after the end of the command");
    }
  }

  #next(): Word | null {
    this.#word = null;
    this.#brace = null;
    const start = this.#at;
    while (this.#at < this.#source.length && !BLANK.test(this.#unit) && !this.#isEnd()) {
      this.#piece(start);
    }
    return (this.#word as WordBuilder | null)?.word(this.#at) ?? null;
  }

  get #open(): WordBuilder {
    return this.#word ??= new WordBuilder(this.#placeOf);
  }

  #piece(start: number): void {
    const unit = this.#unit, offset = this.#at;
    if (this.#skipContinuation()) return;
    if (unit === "'") this.#single(offset);
    else if (unit === '"') this.#double(offset);
    else if (unit === "\\") this.#escaped(offset);
    else if (unit === "$") this.#dollar(offset, false);
    else if (unit === "~" && offset === start) this.#home(offset);
    else if (unit in OPERATORS) this.#fail(offset, OPERATORS[unit] as string);
    else this.#plain(unit, offset);
  }

  #plain(unit: string, offset: number): void {
    this.#checkBraces(unit, offset);
    this.#open.add(unit, offset);
    this.#at++;
  }

  /**
   * Throws for `a{b,c}` outside quotes, of which bash would make several words. In a URL it is
   * accepted: curl makes several URLs of it, with the same result.
   */
  #checkBraces(unit: string, offset: number): void {
    if (unit === "{") {
      this.#brace = offset;
      this.#isList = false;
    } else if (this.#brace !== null && (unit === "," || this.#source.startsWith("..", offset))) {
      this.#isList = true;
    } else if (unit === "}" && this.#brace !== null && this.#isList) {
      const isUrl = this.#source.slice(0, this.#brace).split(/[\s'"]/).at(-1)?.includes("://");
      if (!isUrl) this.#fail(this.#brace, "quotes around a list in braces");
    }
  }

  #single(offset: number): void {
    const end = this.#source.indexOf("'", offset + 1);
    if (end < 0) this.#fail(this.#source.length, "a ' that ends the quoted text", "the end");
    for (let i = offset + 1; i < end; i++) this.#open.add(this.#source[i] as string, i);
    this.#open.add("", offset);
    this.#at = end + 1;
  }

  #double(offset: number): void {
    this.#open.add("", offset);
    for (this.#at = offset + 1; this.#unit !== '"';) {
      const at = this.#at, unit = this.#unit, next = this.#source[at + 1] ?? "";
      if (unit === "") this.#fail(at, 'a " that ends the quoted text', "the end");
      if (this.#skipContinuation()) continue;
      if (unit === "`") this.#fail(at, OPERATORS["`"] as string);
      if (unit === "$") this.#dollar(at, true);
      else {
        const isEscape = unit === "\\" && /[$`"\\]/.test(next);
        this.#open.add(isEscape ? next : unit, at);
        this.#at += isEscape ? 2 : 1;
      }
    }
    this.#at++;
  }

  /** Reads one character after a backslash, outside quotes. */
  #escaped(offset: number): void {
    const rest = this.#source.slice(offset + 1, offset + 100);
    if (/^[ \t]+\r?\n/.test(rest)) {
      this.#fail(offset + 1, "the end of the line right after the backslash", "blanks");
    }
    this.#open.add(rest[0] ?? "\\", offset);
    this.#at += rest === "" ? 1 : 2;
  }

  #home(offset: number): void {
    const next = this.#source[offset + 1] ?? "";
    if (next !== "" && !/[/\s;]/.test(next)) return this.#plain("~", offset);
    this.#open.add(this.#value("HOME", offset), offset);
    this.#at++;
  }

  #value(name: string, offset: number): string {
    const value = variableOf(this.#variables, name);
    if (value !== undefined) return value;
    return this.#fail(offset, `the value of the variable ${name} in the option "env"`);
  }

  #dollar(offset: number, isQuoted: boolean): void {
    const rest = this.#source.slice(offset + 1, offset + 130), next = rest[0] ?? "";
    if (!isQuoted && next === "'") return this.#ansiC(offset);
    if (!isQuoted && next === '"') {
      this.#at++;
      return;
    }
    const found = NAME.exec(rest);
    if (found) return this.#variable((found[1] ?? found[2]) as string, found[0], offset, isQuoted);
    if (/[({]/.test(next)) {
      this.#fail(
        offset,
        "a value, or \\$ for a dollar sign (what the shell computes is not known)",
      );
    }
    if (/[0-9@*#?$!-]/.test(next)) {
      this.#fail(
        offset,
        "a value, or \\$ for a dollar sign (arguments of the shell are not known)",
      );
    }
    this.#open.add("$", offset);
    this.#at++;
  }

  #variable(name: string, written: string, offset: number, isQuoted: boolean): void {
    const value = this.#value(name, offset);
    if (!isQuoted && (value === "" || /[\s*?[\\]/.test(value))) {
      this.#fail(offset, `"\${${name}}" in double quotes, since its value has blanks or patterns`);
    }
    this.#open.add(value, offset);
    this.#at += 1 + written.length;
  }

  /** Reads `$'…'`, with the escapes of C. */
  #ansiC(offset: number): void {
    this.#open.add("", offset);
    for (this.#at = offset + 2; this.#unit !== "'";) {
      const at = this.#at;
      if (at >= this.#source.length) this.#fail(at, "a ' that ends the quoted text", "the end");
      if (this.#unit === "\\") this.#ansiEscape(at);
      else {
        this.#open.add(this.#unit, at);
        this.#at++;
      }
    }
    this.#at++;
  }

  #ansiEscape(offset: number): void {
    const rest = this.#source.slice(offset + 1, offset + 10), next = rest[0] ?? "";
    const number = /^(?:x[0-9a-fA-F]{1,2}|[0-7]{1,3}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8})/
      .exec(rest)?.[0];
    if (number) this.#number(number, offset);
    else if (next === "c" && rest.length > 1) this.#control(rest, offset);
    else {
      const code = CONTROLS[next];
      const isSelf = /[\\'"?]/.test(next);
      const text = code !== undefined ? String.fromCharCode(code) : isSelf ? next : `\\${next}`;
      this.#open.add(text, offset);
      this.#at += 2;
    }
  }

  #control(rest: string, offset: number): void {
    const unit = rest[1] as string, isEscaped = unit === "\\" && rest[2] === "\\";
    this.#add(unit.charCodeAt(0) & 0x1f, offset, false);
    this.#at += isEscaped ? 4 : 3;
  }

  #number(written: string, offset: number): void {
    const kind = written[0] as string, isOctal = /[0-7]/.test(kind);
    const code = isOctal ? parseInt(written, 8) & 0xff : parseInt(written.slice(1), 16);
    this.#at += 1 + written.length;
    this.#add(this.#paired(code), offset, kind === "u" || kind === "U");
  }

  /** Reads the second half of a character beyond U+FFFF, which Firefox writes as two escapes. */
  #paired(code: number): number {
    const low = /^\\u(d[c-f][0-9a-f]{2})/i.exec(this.#source.slice(this.#at, this.#at + 6))?.[1];
    if (code < 0xd800 || code > 0xdbff || low === undefined) return code;
    this.#at += 6;
    return 0x10000 + ((code - 0xd800) << 10) + (parseInt(low, 16) - 0xdc00);
  }

  #add(code: number, offset: number, isCharacter: boolean): void {
    if (code === 0) this.#fail(offset, "no NUL, which an argument cannot have");
    if (isCharacter && (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))) {
      this.#fail(offset, "the number of a character");
    }
    this.#open.add(isCharacter ? String.fromCodePoint(code) : rawByte(code), offset);
  }
}
