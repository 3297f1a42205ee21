/**
 * File names from URLs and Content-Disposition, made safe.
 *
 * @module
 */

import { utf8InLatin1 } from "../bytes.ts";
import { percentDecoded } from "../request/url.ts";

/** The maximum length of a name in bytes of UTF-8. Most file systems allow 255. */
const MAX_BYTES = 200;
/** A longer ending does not count as an extension. */
const MAX_EXTENSION = 20;

// deno-lint-ignore no-control-regex -- control and direction characters can disguise a name
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const RESERVED_CHARACTERS = /[<>:"|?*]/g;
const RESERVED_NAME = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)/i;

/**
 * Makes a name safe in any folder on any system: keeps the last part of a path, neither hidden nor
 * reserved, and not too long. Returns `null` if nothing is left.
 */
export function safeName(name: string): string | null {
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? "";
  const visible = last.replace(INVISIBLE, "").replace(RESERVED_CHARACTERS, "_");
  const bare = shortened(visible.replace(/^[.\s]+/, "")).replace(/(?<![.\s])[.\s]+$/, "");
  if (bare === "") return null;
  return RESERVED_NAME.test(bare) ? `_${bare}` : bare;
}

const encoder = new TextEncoder();
const utf8Length = (text: string) => encoder.encode(text).length;

/** Shortens a name that is too long, but keeps its extension. */
function shortened(name: string): string {
  if (utf8Length(name) <= MAX_BYTES) return name;
  const dot = name.lastIndexOf(".");
  const extension = dot > 0 && utf8Length(name.slice(dot)) <= MAX_EXTENSION ? name.slice(dot) : "";
  return truncateUtf8(
    name.slice(0, name.length - extension.length),
    MAX_BYTES - utf8Length(extension),
  ) +
    extension;
}

/** The beginning of a text, at most `size` bytes of UTF-8, in whole characters. */
export function truncateUtf8(text: string, size: number): string {
  const bytes = new Uint8Array(size);
  const { read } = encoder.encodeInto(text, bytes);
  return text.slice(0, read);
}

/** The safe name of the last segment of a URL, `null` if there is none. */
export function nameOfUrl(url: URL): string | null {
  const segment = url.pathname.split("/").at(-1) ?? "";
  return safeName(percentDecoded(segment.replace(/;type=[aidAID]$/, "")));
}

/** The parameters `filename` and `filename*`: {@link https://www.rfc-editor.org/rfc/rfc6266}. */
const PARAMETER = /;\s*(filename\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/gi;

/** The safe name in a Content-Disposition, `null` if there is none. */
export function nameOfDisposition(header: string | null): string | null {
  if (header === null) return null;
  const found: Record<string, string> = {};
  for (const [, key = "", quoted, token] of header.matchAll(PARAMETER)) {
    found[key.toLowerCase()] ??= quoted?.replace(/\\(.)/g, "$1") ?? token ?? "";
  }
  const { "filename*": extended, filename } = found;
  return (extended === undefined ? null : safeName(decodeExtended(extended))) ??
    (filename === undefined ? null : safeName(utf8InLatin1(percentDecoded(filename))));
}

/** Decodes `UTF-8''na%C3%AFve` as in {@link https://www.rfc-editor.org/rfc/rfc8187}. */
function decodeExtended(value: string): string {
  const [, charset = "", text = ""] = /^([^']*)'[^']*'(.*)$/s.exec(value) ?? [];
  if (/^utf-8$/i.test(charset)) return percentDecoded(text);
  if (!/^iso-8859-1$/i.test(charset)) return "";
  return text.replace(/%([0-9a-f]{2})/gi, (_all, hex) => String.fromCharCode(parseInt(hex, 16)));
}
