/**
 * The media type of a part that is a file. libcurl finds it by the path for `curl_mime_filedata`
 * only, not for a part whose bytes a function gives.
 *
 * @module
 */

import { latin1 } from "../../../ffi/c_text.ts";
import type { CText } from "../../../ffi/memory.ts";

/** The endings and types of libcurl, the same in all versions. */
const TYPES: readonly (readonly [ending: string, type: string])[] = [
  [".gif", "image/gif"],
  [".jpg", "image/jpeg"],
  [".jpeg", "image/jpeg"],
  [".png", "image/png"],
  [".svg", "image/svg+xml"],
  [".txt", "text/plain"],
  [".htm", "text/html"],
  [".html", "text/html"],
  [".pdf", "application/pdf"],
  [".xml", "application/xml"],
];

/** The type of files whose name says nothing. */
export const UNKNOWN_TYPE = "application/octet-stream";

const asText = (text: CText) => typeof text === "string" ? text : latin1(text);

/** The type by the ending of a name, `undefined` where libcurl knows none. */
export function typeByName(name: CText): string | undefined {
  const text = asText(name).toLowerCase();
  return TYPES.find(([ending]) => text.endsWith(ending))?.[1];
}

/**
 * The type that libcurl would send for a file, `undefined` where it does not send one, or finds the
 * same without help: by the name of the part. Over SMTP and IMAP libcurl leaves out text/plain, but
 * not that of a file "x.txt" under a name without such an ending.
 */
export function typeOfFile(path: CText, filename: CText | null | undefined): string | undefined {
  const byPath = typeByName(path);
  // without a name text/plain is the default, and left out
  if (filename === null) return byPath === "text/plain" ? undefined : byPath;
  if (typeByName(filename ?? path) !== undefined) return undefined;
  return byPath ?? UNKNOWN_TYPE;
}

/** Whether lines of a part have a type, which libcurl's own would outweigh. */
export function hasTypeLine(lines: readonly CText[] | undefined): boolean {
  return lines?.some((line) => /^content-type:/i.test(asText(line))) ?? false;
}

/** The base name of a path, as C's `basename`. */
export function baseName(path: CText): CText {
  const text = asText(path);
  let end = text.length;
  while (end > 1 && text[end - 1] === "/") end--;
  const base = text.slice(text.lastIndexOf("/", end - 1) + 1, end);
  if (base === "") return text === "" ? "." : "/";
  return typeof path === "string" ? base : Uint8Array.from(base, (char) => char.charCodeAt(0));
}
