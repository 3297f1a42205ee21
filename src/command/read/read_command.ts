/**
 * Reads the arguments of a command, and executes the rows of the option table.
 *
 * @module
 */

import { CurlCommandError, type CurlPlace } from "../command_error.ts";
import { hasRawBytes, partOf, textOf, type Word, wordAt } from "../shell/words.ts";
import type { Name, OptionRow } from "../table/effect.ts";
import { findRow, nameOfLetter, nearestName, spelled } from "../table/lookup.ts";
import { configLines } from "./config_file.ts";
import { checkForm, data, form, urlQuery } from "./data.ts";
import type { ToolValue } from "./group.ts";
import {
  cert,
  ech,
  engine,
  httpsigKey,
  localPort,
  lowSpeed,
  md5,
  protocols,
  protoDefault,
  proxy,
  proxyCapath,
  proxyCrlfile,
  tlsVersion,
} from "./network.ts";
import { fail, type Given, Reading, type Sources } from "./reading.ts";
import {
  continueAt,
  cookie,
  failing,
  head,
  header,
  output,
  quote,
  range,
  referer,
  showHeaders,
  timeCond,
  uploadFile,
  uploadFlags,
  url,
  writeOut,
} from "./request.ts";
import { choice, count, limit, octal, rate, seconds, size } from "./values.ts";
import { expand, variable } from "./variables.ts";

/** The functions that rows name in `does`. */
const HANDLERS: Readonly<Record<string, (given: Given) => void>> = {
  action: ({ reading, name, value, isOn }) => {
    if (isOn) reading.action = { name: name as "help" | "manual" | "version", value: value.text };
  },
  cert,
  config: ({ reading, value, place }) => readConfig(reading, value.text, place),
  continueAt,
  cookie,
  data,
  ech,
  engine,
  fail: failing,
  form,
  head,
  header,
  httpsigKey,
  localPort,
  lowSpeed,
  md5,
  next: ({ reading, group, place }) => {
    checkForm({ group }, place);
    reading.next(place);
  },
  output,
  protoDefault,
  protocols,
  proxy,
  proxyCapath,
  proxyCrlfile,
  quote,
  range,
  referer,
  showHeaders,
  timeCond,
  tlsVersion,
  uploadFile,
  uploadFlags,
  url,
  urlQuery,
  variable,
  writeOut,
};

/** How deep configuration files may include others. */
const MOST_LEVELS = 5;
const levels = new WeakMap<Reading, number>();

/**
 * Reads the arguments after `curl`. Throws `CurlCommandError` for arguments that curl would refuse.
 */
export function readCommand(words: readonly Word[], sources: Sources): Reading {
  const reading = new Reading(sources);
  readWords(reading, words);
  return reading;
}

/** Reads further arguments into an existing result. */
export function readWords(reading: Reading, words: readonly Word[]): void {
  let isOver = false;
  for (let i = 0; i < words.length && !reading.action; i++) {
    const word = words[i] as Word, next = words[i + 1] ?? null;
    if (isOver || !word.text.startsWith("-")) apply(reading, "url", word, word.placeOf(0));
    else if (word.text === "--") isOver = true;
    else if (readOption(reading, word, next)) i++;
  }
  const last = words.at(-1);
  if (last) checkForm(reading, last.placeOf(last.text.length));
}

/** Reads the lines of a configuration file. */
export function readConfig(reading: Reading, path: string, place: CurlPlace): void {
  const level = (levels.get(reading) ?? 0) + 1;
  if (level > MOST_LEVELS) {
    throw new CurlCommandError(place, `no more than ${MOST_LEVELS} files inside each other`);
  }
  levels.set(reading, level);
  const text = textOf(reading.bytes(path, place));
  for (const { option, value } of configLines(text, path === "-" ? "standard input" : path)) {
    const isUsed = /^-[^-]/.test(option.text)
      ? readLetters(reading, option, value)
      : readName(reading, option, value);
    if (value && value.text !== "" && !isUsed) fail(value, 0, "no value for this option");
    if (reading.action) break;
  }
  levels.set(reading, level - 1);
}

/** Reads an option; returns true where the next word is its value. */
function readOption(reading: Reading, word: Word, next: Word | null): boolean {
  return word.text.startsWith("--")
    ? readName(reading, word, next)
    : readLetters(reading, word, next);
}

/**
 * Reads `--name`, `--no-name`, `--expand-name`, `--name=value`, and the forms without dashes in a
 * file.
 */
function readName(reading: Reading, word: Word, next: Word | null): boolean {
  const start = word.text.startsWith("--") ? 2 : 0;
  const [, prefix = "", written = "", equals = ""] =
    /^(no-|expand-)?([^=]*)(=?)/.exec(word.text.slice(start)) ?? [];
  const place = word.placeOf(0), row = findRow(written);
  if (!row) unknown(place, `--${prefix}${written}`, nearestName(written));
  const known = row as OptionRow, isOn = prefix !== "no-";
  if (!isOn && known.takes !== "switch") {
    throw new CurlCommandError(
      place,
      `--${written}, which cannot be switched off`,
      `--no-${written}`,
    );
  }
  const inside = partOf(word, start + prefix.length + written.length + 1);
  const value = equals === "" ? next : inside;
  if (known.takes === "nothing" || known.takes === "switch") {
    if (prefix === "expand-") fail(word, start, "an option that takes a value after --expand-");
    if (equals !== "") fail(inside, 0, "no value for this option");
    apply(reading, written, null, place, isOn);
    return false;
  }
  if (!value && written !== "help") missing(word, written);
  const given = value ?? wordAt("", place);
  const expanded = prefix === "expand-" ? wordAt(expand(reading, given), given.placeOf(0)) : given;
  apply(reading, written, expanded, place);
  return equals === "" && value !== null;
}

/** Reads `-abc value` and `-abcvalue`. */
function readLetters(reading: Reading, word: Word, next: Word | null): boolean {
  if (word.text === "-") fail(word, 1, "a letter after the dash");
  for (let i = 1; i < word.text.length && !reading.action; i++) {
    const letter = word.text[i] as string, name = nameOfLetter(letter);
    if (name === undefined) unknown(word.placeOf(i), `-${letter}`, nearestName(letter));
    const known = name as string, row = findRow(known) as OptionRow;
    if (row.takes === "nothing" || row.takes === "switch") {
      // the letter of an option that is on by default switches it off
      apply(reading, known, null, word.placeOf(i), known !== "buffer");
      continue;
    }
    const rest = i + 1 < word.text.length ? partOf(word, i + 1) : next;
    if (!rest && known !== "help") missing(word, known);
    apply(reading, known, rest ?? wordAt("", word.placeOf(i)), word.placeOf(i));
    return rest !== null && i + 1 === word.text.length;
  }
  return false;
}

function unknown(place: CurlPlace, found: string, nearest: string): never {
  const expected = `an option of curl (the nearest is ${spelled(nearest)})`;
  throw new CurlCommandError(place, expected, printable(found));
}

/** The name of an unknown option, for an error message. */
const printable = (text: string) => text.replace(/[^\x21-\x7e]/g, "?").slice(0, 40);

function missing(word: Word, name: string): never {
  return fail(word, word.text.length, `the value of --${name}`, "the end");
}

/** Executes the row of an option. */
function apply(
  reading: Reading,
  name: string,
  value: Word | null,
  place: CurlPlace,
  isOn = true,
): void {
  const row = findRow(name) as OptionRow, { group } = reading;
  const given: Given = {
    reading,
    group,
    name,
    row,
    isOn,
    place,
    value: value ?? wordAt("", place),
  };
  note(given);
  for (const dropped of row.drop ?? []) group.options.delete(dropped);
  switchValues(given);
  if (row.bits) {
    const [option, mask] = row.bits, bits = group.bits(option);
    const now = isOn ? bits + (bits & mask ? 0 : mask) : bits & ~mask;
    if (now === 0) group.options.delete(option);
    else group.options.set(option, now);
  }
  if (row.list) group.append(row.list, given.value.text);
  if (row.set) setValue(given, row.set);
  if (row.tool || row.global) tell(given);
  HANDLERS[row.does ?? ""]?.(given);
}

function note({ reading, group, name, row, isOn, place }: Given): void {
  const option = isOn ? `--${name}` : `--no-${name}`;
  if (isOn) group.places.set(name, place);
  else group.places.delete(name);
  if (row.none !== undefined) {
    reading.notes.push({ option, place, reason: row.none, isAboutFetch: false });
  }
}

/** Executes `on` and `off`. A value that another option has set since is not changed. */
function switchValues({ group, row, isOn }: Given): void {
  const [gained, lost] = isOn ? [row.on, row.off] : [row.off, row.on];
  for (const [option, value] of Object.entries(lost ?? {})) {
    if (group.options.get(option as Name) === value) group.options.delete(option as Name);
  }
  for (const [option, value] of Object.entries(gained ?? {})) {
    group.options.set(option as Name, value as number | string);
  }
}

function setValue(given: Given, names: readonly Name[]): void {
  const { group, row, value } = given, read = readValue(given);
  if (row.blank && read === "" && given.name === "doh-url") {
    return void group.options.delete("DOH_URL");
  }
  if (value.text === "" && !row.blank) fail(value, 0, `the value of --${given.name}`, "nothing");
  if (typeof read === "string" && hasRawBytes(read)) fail(value, 0, "UTF-8");
  for (const option of names) group.options.set(option, read);
}

function readValue({ row, value }: Given): number | string {
  if (row.takes === "count") return count(value);
  if (row.takes === "seconds") return seconds(value);
  if (row.as === "size") return size(value);
  if (row.as === "octal") return octal(value);
  if (row.as === "limit") return limit(value);
  return row.as === undefined ? value.text : choice(value, row.as);
}

/** Records an option of curl's tool. */
function tell(given: Given): void {
  const { reading, group, name, row, isOn } = given;
  const notes: Map<string, ToolValue> = row.global ? reading.global : group.tool;
  if (name.startsWith("trace") && row.takes === "file") {
    notes.delete("trace"); // the last of the trace options applies
    notes.delete("trace-ascii");
  }
  if (name === "verbose") {
    notes.set(name, isOn ? Number(notes.get(name) ?? 0) + 1 : 0);
  } else if (name === "rate") notes.set(name, rate(given.value));
  else notes.set(name, row.takes === "switch" || row.takes === "nothing" ? isOn : readValue(given));
}
