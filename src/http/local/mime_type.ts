/**
 * Media types: {@link https://mimesniff.spec.whatwg.org/#parsing-a-mime-type}.
 *
 * @module
 */

import { trimmed, trimmedEnd } from "../../trim.ts";
import { isToken } from "../request/headers.ts";

/** HTTP's white space. */
const BLANKS = "\t\n\r ";
/** The characters allowed in a quoted string of HTTP. */
const QUOTABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Parses a media type and serializes it in its standard form; `null` for any other text. */
export function normalizedMimeType(input: string): string | null {
  const text = trimmed(input, BLANKS), slash = text.indexOf("/");
  if (slash < 0) return null;
  const type = text.slice(0, slash), rest = text.slice(slash + 1);
  const [subtype = ""] = rest.split(";", 1);
  const shortSubtype = trimmedEnd(subtype, BLANKS);
  if (!isToken(type) || !isToken(shortSubtype)) return null;
  const essence = `${type}/${shortSubtype}`.toLowerCase();
  return essence + serialized(parameters(rest.slice(subtype.length)));
}

/**
 * Reads the parameters in a text that is empty or begins with a semicolon; of equal names the first
 * counts.
 */
function parameters(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < text.length;) {
    const start = at + 1 + (/^[\t\n\r ]*/.exec(text.slice(at + 1))?.[0].length ?? 0);
    const [name = ""] = text.slice(start).split(/[;=]/, 1);
    at = start + name.length;
    if (text[at] !== "=") continue;
    const isQuoted = text[at + 1] === '"';
    const { value, end } = isQuoted ? quoted(text, at + 2) : plain(text, at + 1);
    at = end;
    if (value === "" && !isQuoted) continue;
    const key = name.toLowerCase();
    if (isToken(key) && QUOTABLE.test(value) && !found.has(key)) found.set(key, value);
  }
  return found;
}

/** An unquoted value, up to the next semicolon. */
function plain(text: string, start: number): { value: string; end: number } {
  const [raw = ""] = text.slice(start).split(";", 1);
  return { value: trimmedEnd(raw, BLANKS), end: start + raw.length };
}

/**
 * A quoted value, whose closing quote may be missing; text between it and the next semicolon is
 * dropped.
 */
function quoted(text: string, start: number): { value: string; end: number } {
  let value = "", at = start;
  for (; at < text.length && text[at] !== '"'; at++) {
    if (text[at] === "\\" && at + 1 < text.length) at++;
    value += text[at];
  }
  const semicolon = text.indexOf(";", at);
  return { value, end: semicolon < 0 ? text.length : semicolon };
}

function serialized(parameters: ReadonlyMap<string, string>): string {
  let text = "";
  for (const [name, value] of parameters) {
    const shown = isToken(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
    text += `;${name}=${shown}`;
  }
  return text;
}
