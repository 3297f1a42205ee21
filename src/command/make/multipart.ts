/**
 * Encodes forms as multipart bytes, in the layout of libcurl's MIME trees:
 * {@link https://curl.se/libcurl/c/libcurl-tutorial.html}.
 *
 * @module
 */

import { dictionary } from "../../members.ts";
import { bytesOf, joined } from "../shell/words.ts";
import type { CurlFormPart } from "../types.ts";
import { encodeBody } from "./encoders.ts";

/** Returns the bytes of the file at a path. */
export type ReadPart = (path: string) => Uint8Array;

/** A form as bytes, and its media type. */
export interface Multipart {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const TYPES: Readonly<Record<string, string>> = dictionary({
  ".gif": "image/gif",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain",
  ".htm": "text/html",
  ".html": "text/html",
  ".pdf": "application/pdf",
  ".xml": "application/xml",
});

/** The media type that libcurl gives a file of that name. */
function typeOfName(name: string): string | null {
  return TYPES[/\.[^./\\]*$/.exec(name)?.[0].toLowerCase() ?? ""] ?? null;
}

/** The last component of a path. */
export const baseName = (path: string): string => path.split("/").at(-1) ?? "";

/** The file name of a part as the receiver sees it. */
export function fileNameOf({ file, filename }: CurlFormPart): string | null {
  if (filename !== undefined) return filename;
  return file === undefined ? null : baseName(file);
}

/** The options of {@linkcode multipart}. */
export interface MultipartOptions {
  /** The media type, such as `multipart/form-data`. */
  readonly kind: string;
  /** Escapes quotes by backslashes, as libcurl did before 7.81, and not by `%22`. */
  readonly isEscaped: boolean;
}

/** Encodes a form. `read` gets the path of each part that is a file. */
export function multipart(
  parts: readonly CurlFormPart[],
  read: ReadPart,
  { kind, isEscaped }: MultipartOptions,
): Multipart {
  const disposition = dispositionIn(kind);
  return enclosed(parts.map((part) => partBytes(part, disposition, read, isEscaped)), kind);
}

/** The Content-Disposition of the parts in a multipart of that type. */
const dispositionIn = (kind: string) =>
  /^multipart\/form-data\b/i.test(kind) ? "form-data" : "attachment";

/** Joins parts by a boundary that occurs in none of them. */
function enclosed(parts: readonly Uint8Array<ArrayBuffer>[], kind: string): Multipart {
  let boundary = "";
  for (let seed = 0; boundary === "" || parts.some((part) => includes(part, boundary)); seed++) {
    boundary = `${"-".repeat(24)}${digest(parts, seed)}`;
  }
  const pieces = parts.flatMap((part, i) => [
    bytesOf(`${i === 0 ? "" : "\r\n"}--${boundary}\r\n`),
    part,
  ]);
  const end = bytesOf(`${parts.length === 0 ? "" : "\r\n"}--${boundary}--\r\n`);
  return { type: `${kind}; boundary=${boundary}`, bytes: joined([...pieces, end]) };
}

/** 16 hexadecimal digits that depend on the bytes: FNV-1a, twice. */
function digest(parts: readonly Uint8Array[], seed: number): string {
  return [seed, seed + 0x5bd1e995].map((start) => {
    let hash = (0x811c9dc5 ^ start) >>> 0;
    for (const part of parts) {
      for (const byte of part) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    }
    return hash.toString(16).padStart(8, "0");
  }).join("");
}

function includes(bytes: Uint8Array, text: string): boolean {
  const first = text.charCodeAt(0);
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    let k = 1;
    while (k < text.length && bytes[at + k] === text.charCodeAt(k)) k++;
    if (k === text.length) return true;
  }
  return false;
}

function partBytes(
  part: CurlFormPart,
  disposition: string,
  read: ReadPart,
  isEscaped: boolean,
): Uint8Array<ArrayBuffer> {
  let content: Uint8Array, type = typeOf(part);
  if (part.parts) {
    const inner = dispositionIn(part.type ?? "");
    const pieces = part.parts.map((one) => partBytes(one, inner, read, isEscaped));
    ({ bytes: content, type } = enclosed(pieces, type ?? "multipart/mixed"));
  } else {
    const bytes = part.file !== undefined
      ? read(part.file)
      : typeof part.data === "string"
      ? bytesOf(part.data)
      : part.data ?? new Uint8Array();
    content = encodeBody(bytes, part.encoder);
  }
  const lines = [...ownHeaders(part, disposition, type, isEscaped), ...(part.headers ?? [])];
  return joined([bytesOf(`${lines.join("\r\n")}${lines.length > 0 ? "\r\n" : ""}\r\n`), content]);
}

/**
 * The media type of a part: the given one, else the one that its file name implies; `null` for
 * plain text without a name, which needs none.
 */
export function typeOf(part: CurlFormPart): string | null {
  if (part.type !== undefined || part.parts) return part.type ?? null;
  const name = fileNameOf(part), isFile = part.file !== undefined;
  const guess = typeOfName(name ?? "") ?? (isFile ? typeOfName(part.file as string) : null) ??
    (isFile && name !== null ? "application/octet-stream" : null);
  return guess === "text/plain" && name === null ? null : guess;
}

function ownHeaders(
  part: CurlFormPart,
  disposition: string,
  type: string | null,
  isEscaped: boolean,
): string[] {
  const { name, headers = [], encoder } = part, filename = fileNameOf(part), lines: string[] = [];
  const has = (header: string) => headers.some((line) => new RegExp(`^${header}:`, "i").test(line));
  const isNamed = name !== undefined || filename !== null;
  if (!has("content-disposition") && (disposition !== "attachment" || isNamed)) {
    const quoted = (key: string, text: string) => `; ${key}="${escaped(text, isEscaped)}"`;
    lines.push(
      `Content-Disposition: ${disposition}` +
        (name === undefined ? "" : quoted("name", name)) +
        (filename === null ? "" : quoted("filename", filename)),
    );
  }
  if (type !== null && !has("content-type")) lines.push(`Content-Type: ${type}`);
  if (encoder !== undefined && !has("content-transfer-encoding")) {
    lines.push(`Content-Transfer-Encoding: ${encoder}`);
  }
  return lines;
}

const PERCENT: Readonly<Record<string, string>> = dictionary({
  '"': "%22",
  "\r": "%0D",
  "\n": "%0A",
});

function escaped(text: string, isEscaped: boolean): string {
  return isEscaped
    ? text.replace(/["\\]/g, "\\$&")
    : text.replace(/["\r\n]/g, (unit) => PERCENT[unit] as string);
}
