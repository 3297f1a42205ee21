/**
 * The words of a command in the quoting of Windows' cmd, as Chrome copies it. First cmd interprets
 * carets, then the C runtime of the program splits the rest into words.
 *
 * @module
 */

import { CurlCommandError } from "../command_error.ts";
import { variableOf, type Variables } from "./variables.ts";
import { type PlaceOf, placesIn, type Word, WordBuilder } from "./words.ts";

/** A character that cmd passes to the program, and its place. */
interface Passed {
  readonly unit: string;
  readonly offset: number;
}

/**
 * Whether a text is for cmd: outside bash's quotes it has carets where a text for bash would have
 * backslashes.
 */
export function looksLikeCmd(text: string): boolean {
  const pieces = text.matchAll(
    /(\^(?:"|[ \t]*\r?\n|$))|\$'(?:[^'\\]|\\[^])*'?|'[^']*'?|"(?:[^"\\]|\\[^])*"?|\\[^]|[^]/g,
  );
  for (const [, caret] of pieces) if (caret !== undefined) return true;
  return false;
}

/** Reads the words of one command. Throws `CurlCommandError` for anything but a simple command. */
export function cmdWords(source: string, variables: Variables): Word[] {
  // carets may be between the two halves of a character
  const placeOf = placesIn(source);
  return runtimeWords(placeOf, shellPass(expanded(source, variables), placeOf));
}

/** Replaces `%NAME%` for the given variables; like cmd, it leaves unknown ones unchanged. */
function expanded(source: string, variables: Variables): Passed[] {
  const passed: Passed[] = [];
  for (let i = 0; i < source.length; i++) {
    const name = source[i] === "%" ? /^%([^%\r\n=]+)%/.exec(source.slice(i, i + 130)) : null;
    const value = name ? variableOf(variables, name[1] as string) : undefined;
    if (value === undefined) passed.push({ unit: source[i] as string, offset: i });
    else {
      for (let k = 0; k < value.length; k++) passed.push({ unit: value[k] as string, offset: i });
      i += (name?.[0].length ?? 1) - 1;
    }
  }
  return passed;
}

/** Interprets carets, quotes and ends of commands, as cmd does. */
function shellPass(input: readonly Passed[], placeOf: PlaceOf): Passed[] {
  const passed: Passed[] = [];
  let isQuoted = false;
  for (let i = 0; i < input.length; i++) {
    const { unit, offset } = input[i] as Passed;
    if (unit === "\n" || (unit === "\r" && input[i + 1]?.unit === "\n")) {
      expectNothing(input, i, placeOf);
      return passed;
    }
    if (unit === '"') isQuoted = !isQuoted;
    if (isQuoted || (unit !== "^" && !/[&|<>]/.test(unit))) {
      passed.push({ unit, offset });
    } else if (unit !== "^") {
      fail(placeOf, offset, "the end of the command (a caret before it makes it text)");
    } else i = caret(input, i, placeOf, passed);
  }
  return passed;
}

/**
 * Reads a caret, which makes the next character literal, or joins two lines. Returns the next
 * index.
 */
function caret(input: readonly Passed[], at: number, placeOf: PlaceOf, passed: Passed[]): number {
  let next = at + 1;
  if (input[next]?.unit === "\r" && input[next + 1]?.unit === "\n") next++;
  if (input[next]?.unit === "\n") {
    next++;
    if (input[next]?.unit === "\r" && input[next + 1]?.unit === "\n") next++;
  } else if (/^[ \t]+\r?\n/.test(input.slice(next, next + 40).map(({ unit }) => unit).join(""))) {
    const { offset } = input[next] as Passed;
    fail(placeOf, offset, "the end of the line right after the caret", "blanks");
  }
  const literal = input[next];
  if (literal) passed.push(literal);
  return next;
}

function expectNothing(input: readonly Passed[], from: number, placeOf: PlaceOf): void {
  const rest = input.slice(from).find(({ unit }) => !/\s/.test(unit));
  if (rest) {
    fail(placeOf, rest.offset, "nothing after the end of the command (or a caret before it)");
  }
}

function fail(placeOf: PlaceOf, offset: number, expected: string, found = ""): never {
  throw new CurlCommandError(placeOf(offset), expected, found);
}

/** Splits the characters into words, as Microsoft's C runtime does. */
function runtimeWords(placeOf: PlaceOf, input: readonly Passed[]): Word[] {
  const words: Word[] = [];
  for (let at = 0; at < input.length;) {
    if (/[ \t]/.test((input[at] as Passed).unit)) at++;
    else at = runtimeWord(placeOf, input, at, words);
  }
  return words;
}

function runtimeWord(
  placeOf: PlaceOf,
  input: readonly Passed[],
  start: number,
  words: Word[],
): number {
  const word = new WordBuilder(placeOf), unitAt = (i: number) => input[i]?.unit ?? "";
  const first = input[start] as Passed;
  if (first.unit === "'") fail(placeOf, first.offset, `double quotes (cmd knows no others)`);
  let isQuoted = false, at = start;
  for (; at < input.length && (isQuoted || !/[ \t]/.test(unitAt(at))); at++) {
    const { unit, offset } = input[at] as Passed;
    let slashes = 0;
    while (unitAt(at + slashes) === "\\") slashes++;
    if (slashes > 0) {
      const isBeforeQuote = unitAt(at + slashes) === '"';
      word.add("\\".repeat(isBeforeQuote ? slashes >> 1 : slashes), offset);
      at += slashes - 1;
      if (isBeforeQuote && slashes % 2 === 1) word.add('"', (input[++at] as Passed).offset);
    } else if (unit !== '"') word.add(unit, offset);
    else if (isQuoted && unitAt(at + 1) === '"') word.add('"', (input[++at] as Passed).offset);
    else isQuoted = !isQuoted;
  }
  const end = input[at]?.offset ?? Infinity;
  if (isQuoted) fail(placeOf, end, 'a " that ends the quoted text', "the end");
  words.push(word.word(end, true));
  return at;
}
