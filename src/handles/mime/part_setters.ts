/**
 * Sets what a part of a tree has.
 *
 * @module
 */

import { cString, type CText, live } from "../../../ffi/memory.ts";
import { library, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { Code } from "../../errors.ts";
import { checkSetopt } from "../base/check_setopt.ts";
import { makeList } from "../base/owned.ts";
import { announcedSize, FileReader } from "./file_reader.ts";
import { setReader } from "./part_reader.ts";
import type { MimeTree } from "./tree.ts";

/** What a part has besides its content, checked. */
export interface Attributes {
  readonly name: CText | undefined;
  /** `null` for none, `undefined` for that of libcurl. */
  readonly filename: CText | null | undefined;
  readonly type: CText | undefined;
  readonly encoder: CText | undefined;
  readonly headers: readonly CText[] | undefined;
}

const NOTHING = new Uint8Array(1);

/** Sets the content of a part to a copy of bytes. */
export function setData(part: NonNullPointer, all: Uint8Array<ArrayBuffer>): void {
  const { curl_mime_data } = library().symbols;
  // the address of an empty array may be NULL, which would unset the data
  checkSetopt("the part's data", curl_mime_data(part, all.length > 0 ? all : NOTHING, all.length));
}

/** Has libcurl check a file, and take its base name for the part. */
export function setFile(part: NonNullPointer, path: CText): void {
  checkSetopt("the part's file", library().symbols.curl_mime_filedata(part, cString(path)));
}

/** The place of a part whose content is a file. */
export interface FilePlace {
  readonly part: NonNullPointer;
  readonly tree: MimeTree;
  readonly file: CText;
  /** What the part sends as the file's name. */
  readonly filename: CText | null | undefined;
  /** Whether the file need not exist yet, and has the size that it has when a transfer begins. */
  readonly late: boolean;
  /** `null` where libcurl reads the file, which then is no regular one and has no size. */
  reader: FileReader | null;
}

/**
 * Sets the content of a part to a file. All regular files are read by curlew, since libcurl may send
 * another number of bytes than it has announced.
 */
export function setFileContent(place: FilePlace): void {
  const { part, tree, file, late } = place;
  const code = library().symbols.curl_mime_filedata(part, cString(file));
  if (!late || code !== Code.READ_ERROR) checkSetopt("the part's file", code);
  const size = code === Code.OK ? announcedSize(file) : "gone";
  if (size === null) return;
  if (place.reader) place.reader.restart(size);
  else {
    place.reader = new FileReader(file, size, tree);
    tree.addReader(place.reader.token);
  }
  setReader(part, place.reader);
}

/** Sets the content to the file as it is now, for a form whose transfer is about to begin. */
export function refreshFile(place: FilePlace): void {
  setFileContent(place);
  const { part, filename } = place;
  if (filename !== undefined) setText(part, "filename", filename);
}

/** Sets one text of a part. */
export function setText(
  part: NonNullPointer,
  what: "name" | "filename" | "type" | "encoder",
  value: CText | null,
): void {
  const code = library().symbols[`curl_mime_${what}`](part, value === null ? null : cString(value));
  checkSetopt(`the part's ${what}`, code);
}

/** Sets everything but the content of a part. */
export function setAttributes(part: NonNullPointer, given: Attributes): void {
  for (const what of ["name", "filename", "type", "encoder"] as const) {
    const value = given[what];
    if (value !== undefined) setText(part, what, value);
  }
  if (given.headers) setHeaders(part, makeList(given.headers));
}

const TAKE_OWNERSHIP = 1;

function setHeaders(part: NonNullPointer, list: Pointer): void {
  if (list === null) return;
  live.lists--; // libcurl frees the list with the part
  checkSetopt(
    "the part's headers",
    library().symbols.curl_mime_headers(part, list, TAKE_OWNERSHIP),
  );
}
