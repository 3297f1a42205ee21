/**
 * The URL of a call: `baseUrl` and `query`.
 *
 * @module
 */

import { trimmedEnd } from "../../trim.ts";
import { isInstance } from "../../untrusted.ts";
import { typeError } from "../errors.ts";
import { shown, wrong } from "../shown.ts";

/** A value of a record of {@linkcode QueryInit}. */
export type QueryValue = string | number | bigint | boolean | null | undefined;

/** The type of `query`. `null` and `undefined` omit a name, an array repeats it. */
export type QueryInit =
  | URLSearchParams
  | Readonly<Record<string, QueryValue | readonly QueryValue[]>>;

/** `query`, checked. */
export type QueryEntry = readonly [name: string, value: string];

/** Reads `query`. Throws `TypeError`. */
export function readQuery(query: QueryInit, call: string): QueryEntry[] {
  if (isInstance(query, URLSearchParams)) return [...URLSearchParams.prototype.entries.call(query)];
  if (typeof query !== "object" || query === null || Symbol.iterator in query) {
    throw wrong(call, "query", "URLSearchParams or a record", query);
  }
  return Object.entries(query).flatMap(([name, value]): QueryEntry[] => {
    const values: readonly unknown[] = Array.isArray(value) ? Array.from(value) : [value];
    return values.flatMap((single) => readValue(name, single, call));
  });
}

function readValue(name: string, value: unknown, call: string): QueryEntry[] {
  switch (typeof value) {
    case "string":
      return [[name, value]];
    case "number":
    case "bigint":
    case "boolean":
      return [[name, String(value)]];
    case "undefined":
      return [];
  }
  if (value === null) return [];
  throw wrong(call, `query.${name}`, "a string, a number, a boolean, null or an array", value);
}

/** The entries of two settings: a name in `own` replaces all entries of that name in `base`. */
export function joinQueries(
  base: readonly QueryEntry[],
  own: readonly QueryEntry[],
): readonly QueryEntry[] {
  if (own.length === 0) return base;
  const names = new Set(own.map(([name]) => name));
  return [...base.filter(([name]) => !names.has(name)), ...own];
}

/** Reads `baseUrl`. Throws `TypeError`. */
export function readBaseUrl(baseUrl: string | URL, call: string): URL {
  const expected = "a URL of http or https without query and fragment";
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch {
    // an invalid URL is not shown: it may contain credentials
    const got = typeof baseUrl === "string" ? "an invalid URL" : shown(baseUrl);
    throw typeError(`Cannot ${call}: baseUrl must be ${expected}, got ${got}`);
  }
  if ((url.protocol === "http:" || url.protocol === "https:") && !/[?#]/.test(url.href)) return url;
  throw typeError(`Cannot ${call}: baseUrl must be ${expected}, got one of ${url.protocol}`);
}

/**
 * The URL of a call. A relative input is appended to the path of `baseUrl`, with one slash between
 * them, however many slashes it begins with: so it cannot lead to another host.
 */
export function targetOf(
  input: string | URL,
  baseUrl: URL | null,
  query: readonly QueryEntry[],
): URL {
  const url = resolve(input, baseUrl);
  if (query.length === 0) return url;
  const added = new URLSearchParams(query.map(([name, value]) => [name, value])).toString();
  url.search = url.search === "" ? added : `${url.search}&${added}`;
  return url;
}

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:/i;

function resolve(input: string | URL, baseUrl: URL | null): URL {
  const text = typeof input === "string" ? input.trim() : String(input);
  try {
    if (!baseUrl || ABSOLUTE.test(text)) return new URL(text);
    const base = trimmedEnd(baseUrl.href, "/");
    // tabs and line breaks, which a URL's parser drops, must not hide a slash
    const rest = text.replace(/[\t\n\r]/g, "").replace(/^[/\\]+/, "");
    return new URL(
      rest === "" || /^[?#]/.test(rest) ? `${baseUrl.href}${rest}` : `${base}/${rest}`,
    );
  } catch {
    const remedy = baseUrl ? "" : "; a relative one needs baseUrl";
    throw typeError(
      `Cannot fetch: ${typeof input === "string" ? "invalid URL" : shown(input)}${remedy}`,
    );
  }
}
