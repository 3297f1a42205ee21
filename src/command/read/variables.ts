/**
 * `--variable`, and `{{name}}` in the values of `--expand-…`:
 * {@link https://curl.se/docs/manpage.html#--variable}.
 *
 * @module
 */

import { dictionary } from "../../members.ts";
import { trimmed } from "../../trim.ts";
import { variableOf } from "../shell/variables.ts";
import { bytesOf, textOf, type Word } from "../shell/words.ts";
import { percentEncoded } from "./data.ts";
import { fail, type Given, type Reading } from "./reading.ts";

/**
 * The largest length of all expanded texts of a command, in characters: curl's limit for a single
 * one. Each text may double the one before.
 */
const MOST_EXPANDED = 10_000_000;

/** `--variable`: `name=content`, `name@file`, `%name` for the environment, with `[from-to]`. */
export function variable({ reading, value }: Given): void {
  const { text } = value;
  const [, percent = "", name = "", range, from = "0", to = "", rest = ""] =
    /^(%?)(\w+)(\[(\d+)-(\d*)\])?([^]*)$/.exec(text) ?? [];
  if (name === "" || name.length > 127) fail(value, percent.length, "the name of a variable");
  const imported = percent === "" ? undefined : variableOf(reading.sources.env, name);
  if (imported !== undefined) return void reading.variables.set(name, imported);
  const at = text.length - rest.length;
  if (percent !== "" && rest === "") {
    fail(value, 0, 'the value of this variable of the environment in the option "env"');
  }
  const bytes = content(reading, value, rest, at);
  const last = to === "" ? bytes.length : Number(to) + 1;
  if (to !== "" && Number(from) > Number(to)) fail(value, at, "a range whose end is not first");
  const chosen = range === undefined ? bytes : bytes.subarray(Number(from), last);
  reading.variables.set(name, textOf(chosen));
}

function content(reading: Reading, value: Word, rest: string, at: number): Uint8Array {
  if (rest.startsWith("=")) return bytesOf(rest.slice(1));
  if (rest.startsWith("@")) return reading.bytes(rest.slice(1), value.placeOf(at + 1));
  return fail(value, at, "=content or @file");
}

const FUNCTIONS: Readonly<Record<string, (text: string) => string>> = {
  trim: (text) => trimmed(text, " \t\n\v\f\r"),
  // deno-lint-ignore no-control-regex
  json: (text) => text.replace(/[\\"\0-\x1f]/g, jsonEscape),
  url: (text) => percentEncoded(bytesOf(text)).replaceAll("+", "%20"),
  b64: (text) => btoa(Array.from(bytesOf(text), (byte) => String.fromCharCode(byte)).join("")),
  "64dec": decode64,
};

const SHORT: Readonly<Record<string, string>> = dictionary({
  "\\": "\\\\",
  '"': '\\"',
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
});

const jsonEscape = (unit: string) =>
  SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

function decode64(text: string): string {
  try {
    return textOf(Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0)));
  } catch {
    return "[64dec-fail]";
  }
}

/** The value with each `{{name:function…}}` replaced. `\{{` becomes `{{`. */
export function expand(reading: Reading, value: Word): string {
  const { text } = value;
  let expanded = "", at = 0;
  for (let open = text.indexOf("{{"); open >= 0; open = text.indexOf("{{", at)) {
    if (text[open - 1] === "\\" && open > at) {
      expanded += `${text.slice(at, open - 1)}{{`;
      at = open + 2;
      continue;
    }
    const close = text.indexOf("}}", open);
    if (close < 0) fail(value, open, "}} that ends the name of the variable");
    expanded += text.slice(at, open) + valueOf(reading, value, open + 2, close);
    at = close + 2;
  }
  return expanded + text.slice(at);
}

function valueOf(reading: Reading, value: Word, from: number, to: number): string {
  const [name = "", ...functions] = value.text.slice(from, to).split(":");
  if (!/^\w{1,127}$/.test(name)) fail(value, from, "the name of a variable");
  let text = counted(reading, value, from, reading.variables.get(name) ?? "");
  for (const used of functions) {
    const apply = Object.hasOwn(FUNCTIONS, used) ? FUNCTIONS[used] : undefined;
    if (!apply) fail(value, from, `some of :${Object.keys(FUNCTIONS).join(", :")}`);
    text = counted(reading, value, from, (apply as (text: string) => string)(text));
  }
  if (text.includes("\0")) fail(value, from, "a variable without a NUL");
  return text;
}

/** Adds the length of a text to the count of expanded characters, and returns the text. */
function counted(reading: Reading, value: Word, from: number, text: string): string {
  reading.expanded += text.length;
  if (reading.expanded <= MOST_EXPANDED) return text;
  return fail(value, from, `no more than ${MOST_EXPANDED} expanded characters`);
}
