/**
 * Values of options with a syntax of their own.
 *
 * @module
 */

import { dictionary } from "../../members.ts";
import type { Word } from "../shell/words.ts";
import { fail } from "./reading.ts";

const MOST = Number.MAX_SAFE_INTEGER;

/** The index where a pattern at the beginning of the value ends. */
const endOf = (pattern: RegExp, { text }: Word) => pattern.exec(text)?.[0].length ?? 0;

/** A whole number from 0 on. */
export function count(value: Word): number {
  const number = Number(value.text);
  if (!/^\d+$/.test(value.text)) fail(value, endOf(/^\d+/, value), "a number of digits alone");
  if (number > MOST) fail(value, 0, `a number up to ${MOST}`);
  return number;
}

/** A whole number from -1 on. */
export function limit(value: Word): number {
  return value.text === "-1" ? -1 : count(value);
}

/** Seconds with decimals, converted to milliseconds. */
export function seconds(value: Word): number {
  if (!/^\d+(?:\.\d*)?$/.test(value.text)) {
    fail(value, endOf(/^\d*\.?\d*/, value), "seconds, such as 1.5");
  }
  const ms = Math.floor(Number(value.text) * 1000 + 1e-6);
  if (ms > 0x7fffffff) fail(value, 0, "no more than 2147483 seconds");
  return ms;
}

const UNITS = "kmgtp";

/** A number of bytes, with a letter for a power of 1024. */
export function size(value: Word): number {
  const [, digits = "", decimals = "", unit = ""] = /^(\d+)(\.\d+)?([a-z]?)$/i.exec(value.text) ??
    [];
  const power = unit === "" ? 0 : UNITS.indexOf(unit.toLowerCase()) + 1;
  if (digits === "" || (unit !== "" && power === 0 && unit.toLowerCase() !== "b")) {
    fail(value, endOf(/^\d*(?:\.\d+)?/, value), "bytes, such as 500 or 1.5M");
  }
  if (decimals !== "" && power === 0) fail(value, digits.length, "whole bytes");
  const bytes = Math.floor(Number(digits + decimals) * 1024 ** power);
  if (bytes > MOST) fail(value, 0, `no more than ${MOST} bytes`);
  return bytes;
}

/** A file mode, in octal. */
export function octal(value: Word): number {
  if (!/^[0-7]{1,4}$/.test(value.text) || parseInt(value.text, 8) > 0o777) {
    fail(value, 0, "an octal number up to 0777");
  }
  return parseInt(value.text, 8);
}

/** One of several words, in any letter case. */
export function choice(value: Word, words: Readonly<Record<string, number>>): number {
  const word = value.text.toLowerCase();
  if (Object.hasOwn(words, word)) return words[word] as number;
  return fail(value, 0, `one of ${Object.keys(words).join(", ")}`);
}

const RATES: Readonly<Record<string, number>> = dictionary({
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
});

/** `N/U`: N transfers per unit of time, as milliseconds per transfer. */
export function rate(value: Word): number {
  const [, many = "", units = "1", unit = "h"] = /^(\d+)(?:\/(\d*)([smhd]))?$/.exec(value.text) ??
    [];
  const number = Number(many), span = (RATES[unit] as number) * Number(units || "1");
  if (many === "") fail(value, endOf(/^\d*\/?\d*/, value), "a rate, such as 10/m");
  if (number < 1) fail(value, 0, "a rate of at least one transfer");
  if (number > span) fail(value, 0, "no more than one transfer each millisecond");
  return Math.floor(span / number);
}

/** A port, or two with a dash between them; returns the first and the count. */
export function ports(value: Word): readonly [first: number, many: number] {
  const [, from = "", to] = /^(\d+)(?:[ \t]?-[ \t]?(\d+))?$/.exec(value.text) ?? [];
  const first = Number(from), last = to === undefined ? first : Number(to);
  if (from === "") fail(value, endOf(/^\d+/, value), "a port, or two with a dash between them");
  if (first > 65535 || last > 65535 || last < first) {
    fail(value, 0, "ports up to 65535, the smaller one first");
  }
  return [first, last - first + 1];
}
