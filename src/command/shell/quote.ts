/**
 * Quotes words for bash, and for every shell that has `$'…'`.
 *
 * @module
 */

import { dictionary } from "../../members.ts";
import { bytesOf } from "./words.ts";

const PLAIN = /^[A-Za-z0-9_@%+:,./=-]+$/;

/** A word in quotes where it needs them. Throws `TypeError` for a NUL. */
export function quoted(text: string): string {
  if (text.includes("\0")) {
    throw new TypeError("Cannot write the curl command: an argument cannot have a NUL");
  }
  // a leading = or ~ is special in some shells
  if (PLAIN.test(text) && !/^[=~]/.test(text)) return text;
  // deno-lint-ignore no-control-regex
  if (text.isWellFormed() && !/[\x01-\x1f\x7f-\x9f']/.test(text)) return `'${text}'`;
  return `$'${Array.from(text, escaped).join("")}'`;
}

const SHORT: Readonly<Record<string, string>> = dictionary({
  "\\": "\\\\",
  "'": "\\'",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
});

function escaped(unit: string): string {
  const short = SHORT[unit];
  if (short !== undefined) return short;
  // three digits, so that a digit after the escape is not part of it
  // deno-lint-ignore no-control-regex
  const isPrintable = unit.isWellFormed() && !/[\x01-\x1f\x7f-\x9f]/.test(unit);
  return isPrintable ? unit : Array.from(bytesOf(unit), octal).join("");
}

const octal = (byte: number) => `\\${byte.toString(8).padStart(3, "0")}`;
