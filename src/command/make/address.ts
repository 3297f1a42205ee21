/**
 * Changes URLs as curl's tool does before it passes them to libcurl.
 *
 * @module
 */

import { trimmedEnd } from "../../trim.ts";
import { CommandCode, CurlCommandError, type CurlPlace } from "../command_error.ts";
import { percentEncoded } from "../read/data.ts";
import { bytesOf } from "../shell/words.ts";

const GUESSES: readonly (readonly [prefix: string, scheme: string])[] = [
  ["ftp.", "ftp"],
  ["dict.", "dict"],
  ["ldap.", "ldap"],
  ["imap.", "imap"],
  ["smtp.", "smtp"],
  ["pop3.", "pop3"],
];

/** The URL with a scheme: its own, `byDefault`, or the one that the host name begins with. */
export function withScheme(url: string, byDefault: string | undefined): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url) || /^(?:file|data|blob|about):/i.test(url)) return url;
  const guess = GUESSES.find(([prefix]) => url.toLowerCase().startsWith(prefix))?.[1];
  return `${byDefault ?? guess ?? "http"}://${url}`;
}

/** The scheme of a URL that has one, in lower case. */
export function schemeOf(url: string): string {
  return (/^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1] ?? "").toLowerCase();
}

/** The two parts of a URL: the text before the fragment, and the fragment. */
function cutFragment(url: string): readonly [before: string, fragment: string] {
  const at = url.indexOf("#");
  return at < 0 ? [url, ""] : [url.slice(0, at), url.slice(at)];
}

/** The URL with a query appended. */
export function withQuery(url: string, query: string): string {
  if (query === "") return url;
  const [before, fragment] = cutFragment(url);
  const hasPath = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*\//i.test(before);
  const [path, ...own] = (hasPath ? before : before.replace(/(\?|$)/, "/$1")).split("?");
  const old = own.join("?");
  return `${path}?${old}${old === "" ? "" : "&"}${query}${fragment}`;
}

/** The last part of the path of a URL, `null` where it has none. */
export function remoteName(url: string): string | null {
  const [before] = cutFragment(url);
  const path = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*([^?]*)/i.exec(before)?.[1] ?? "";
  const last = trimmedEnd(path, "/\\").split(/[/\\]/).at(-1) ?? "";
  return last === "" ? null : last;
}

/** The URL with the name of the uploaded file, where its path ends in a slash. */
export function withFileName(url: string, file: string): string {
  const [before, fragment] = cutFragment(url);
  const [, base = before, path = ""] = /^([a-z][a-z0-9+.-]*:\/\/[^/?]*)([^?]*)$/i.exec(before) ??
    [];
  if (before.includes("?") || (path !== "" && !path.endsWith("/"))) return url;
  const name = file.split(/[/\\]/).at(-1) ?? "";
  const encoded = percentEncoded(bytesOf(name)).replaceAll("+", "%20");
  return `${base}${path === "" ? "/" : path}${encoded}${fragment}`;
}

/** Converts `ipfs:` and `ipns:` URLs to those of a gateway. */
export function throughGateway(url: string, gateway: string | undefined, place: CurlPlace): string {
  const [, scheme = "", rest = ""] = /^(ipfs|ipns):\/\/(.*)$/i.exec(url) ?? [];
  if (scheme === "") return url;
  if (gateway === undefined) {
    const code = CommandCode.URL_MALFORMAT;
    throw new CurlCommandError(place, "--ipfs-gateway with such a URL", "", code);
  }
  return `${trimmedEnd(gateway, "/")}/${scheme.toLowerCase()}/${rest}`;
}
