/**
 * Parsers of bodies, by media type.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import type { HeaderInfo } from "../types/values.ts";

/** A parser of bodies. */
// deno-lint-ignore no-explicit-any -- node-libcurl's own type
export type CurlyResponseBodyParser = (data: Buffer, header: HeaderInfo[]) => any;

/** Parsers by media type: `"application/json"`, `"text/*"`, `"*"` for all others. */
export type CurlyResponseBodyParsersProperty = {
  [key: string]: CurlyResponseBodyParser;
};

/** The default parsers. */
export function defaultParsers(): CurlyResponseBodyParsersProperty {
  return { "application/json": parseJson, "text/*": (data) => data.toString("utf8"), "*": same };
}

const same: CurlyResponseBodyParser = (data) => data;

/** Parses JSON. An empty body, such as that of a HEAD response, becomes `null`. */
function parseJson(data: Buffer): unknown {
  if (data.length === 0) return null;
  try {
    return JSON.parse(data.toString("utf8"));
  } catch (cause) {
    throw new Error(
      'curly cannot parse the body as JSON, although its type is "application/json". ' +
        "curlyResponseBodyParser: false leaves it a Buffer; " +
        "curlyResponseBodyParsers takes a parser of your own",
      { cause },
    );
  }
}

/** The parser for a response, `null` to keep a `Buffer`. Throws `TypeError` for a wrong parser. */
export function findParser(
  defaults: CurlyResponseBodyParsersProperty,
  options: {
    readonly curlyResponseBodyParser?: CurlyResponseBodyParser | false;
    readonly curlyResponseBodyParsers?: CurlyResponseBodyParsersProperty;
  },
  headers: readonly HeaderInfo[],
): CurlyResponseBodyParser | null {
  const { curlyResponseBodyParser: forAll, curlyResponseBodyParsers: more } = options;
  if (forAll === false || forAll === null) return null;
  if (forAll !== undefined) {
    if (typeof forAll === "function") return forAll;
    throw new TypeError("curlyResponseBodyParser must be false or a function");
  }
  const type = mediaType(headers.at(-1)), parsers = { ...defaults, ...more };
  for (const [pattern, parser] of Object.entries(parsers)) {
    if (typeof parser === "function") continue;
    throw new TypeError(`The parser of ${pattern} in curlyResponseBodyParsers must be a function`);
  }
  const patterns = Object.keys(parsers).filter((pattern) => matches(pattern, type));
  // the most specific pattern, whatever the order
  const [best = "*"] = patterns.sort((a, b) => stars(a) - stars(b));
  return parsers[best] ?? null;
}

/** A number that is larger for a more general pattern. */
const stars = (pattern: string) => pattern === "*" ? 3 : pattern.split("*").length - 1;

function mediaType(response: HeaderInfo | undefined): string {
  for (const [name, value] of Object.entries(response ?? {})) {
    if (name.toLowerCase() === "content-type") return String(value).split(";")[0]!.trim();
  }
  return "";
}

function matches(pattern: string, type: string): boolean {
  if (pattern === "*" || pattern === type) return true;
  const wanted = pattern.split("/"), parts = type.split("/");
  return wanted.length === parts.length &&
    wanted.every((part, i) => part === "*" || part === parts[i]);
}
