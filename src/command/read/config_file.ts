/**
 * The lines of a configuration file: {@link https://curl.se/docs/manpage.html#-K}.
 *
 * @module
 */

import { dictionary } from "../../members.ts";
import type { CurlPlace } from "../command_error.ts";
import { type Word, wordAt } from "../shell/words.ts";

/** An option in a file, and its value, if it has one. */
export interface ConfigLine {
  /** The name, with or without dashes, as in the file. */
  readonly option: Word;
  readonly value: Word | null;
}

const ESCAPES: Readonly<Record<string, string>> = dictionary({
  t: "\t",
  n: "\n",
  r: "\r",
  v: "\v",
});

/** Reads the text of a file; `name` is the file's name in the places of errors. */
export function configLines(text: string, name: string): ConfigLine[] {
  const found: ConfigLine[] = [];
  text.split("\n").forEach((line, i) => {
    if (/^[ \t\r]*(?:#|$)/.test(line)) return;
    const place = { where: `${name}, line ${i + 1}`, offset: 0 };
    found.push(configLine(line.replace(/\r$/, ""), place));
  });
  return found;
}

function configLine(line: string, place: CurlPlace): ConfigLine {
  const isDashed = line.startsWith("-");
  const option = (isDashed ? /^[^ \t]*/ : /^[^ \t=:]*/).exec(line)?.[0] ?? "";
  const gap = (isDashed ? /^[ \t]*/ : /^[ \t=:]*/).exec(line.slice(option.length))?.[0] ?? "";
  const rest = line.slice(option.length + gap.length);
  return { option: wordAt(option, place), value: configValue(rest, place) };
}

function configValue(text: string, place: CurlPlace): Word | null {
  const quoted = /^"((?:[^"\\]|\\[^])*)(?:"|\\?$)/.exec(text)?.[1];
  if (quoted !== undefined) {
    const value = quoted.replace(/\\([^])/g, (_, unit: string) => ESCAPES[unit] ?? unit);
    return wordAt(value, place);
  }
  const plain = /^\S*/.exec(text)?.[0] ?? "";
  return plain === "" ? null : wordAt(plain, place);
}
