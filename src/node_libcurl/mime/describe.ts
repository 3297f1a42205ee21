/**
 * Makes parts from a description, for `Easy.setMimePost` and `curlyMimePost`.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import type { MimeHost } from "./hosts.ts";
import { CurlMime, type CurlMimePart, type MimeEncoding } from "./mime.ts";

/** The members that every kind of part may have. */
export interface CurlyMimePartCommon {
  /** The name of the field. */
  name: string;
  /** The media type. */
  mimeType?: string;
  /** The name of the file as the receiver sees it. */
  fileName?: string;
  /** The encoding of the bytes. */
  encoder?: MimeEncoding;
  /** More header lines. */
  headers?: string[];
}

/** A part of text or bytes. */
export interface CurlyMimePartData extends CurlyMimePartCommon {
  /** The kind of the part. */
  type: "data";
  /** Text or bytes. */
  data: string | Buffer;
}

/** A part whose content is a file. */
export interface CurlyMimePartFile extends CurlyMimePartCommon {
  /** The kind of the part. */
  type: "file";
  /** The path of the file. */
  file: string;
}

/** A part whose content comes from a stream. */
export interface CurlyMimePartStream extends CurlyMimePartCommon {
  /** The kind of the part. */
  type: "stream";
  /** The stream with the content. */
  stream: Readable;
  /** The size in bytes, where it is known. */
  size?: number;
}

/** A part that consists of parts. */
export interface CurlyMimePartSubparts extends CurlyMimePartCommon {
  /** The kind of the part. */
  type: "subparts";
  /** The parts in this one. */
  parts: CurlyMimePart[];
}

/** A part. */
export type CurlyMimePart =
  | CurlyMimePartData
  | CurlyMimePartFile
  | CurlyMimePartStream
  | CurlyMimePartSubparts;

/** Makes the parts for a handle; `goOn` resumes sending when a stream has more. */
export function describeParts(
  handle: MimeHost,
  parts: readonly CurlyMimePart[],
  goOn: () => void,
): CurlMime {
  if (!Array.isArray(parts)) throw new TypeError("Cannot set the parts: expected an array");
  const mime = new CurlMime(handle);
  for (const part of parts as readonly CurlyMimePart[]) {
    const made = mime.addPart();
    // the content first: setting a file also sets a file name
    fill(made, part, handle, goOn);
    if (part.name !== undefined) made.setName(part.name);
    if (part.mimeType) made.setType(part.mimeType);
    if (part.fileName) made.setFileName(part.fileName);
    if (part.encoder) made.setEncoder(part.encoder);
    if (part.headers) made.setHeaders(part.headers);
  }
  return mime;
}

function fill(made: CurlMimePart, part: CurlyMimePart, handle: MimeHost, goOn: () => void): void {
  switch (part.type) {
    case "data":
      made.setData(part.data);
      return;
    case "file":
      made.setFileData(part.file);
      return;
    case "stream":
      made.setDataStream(part.stream, goOn, part.size);
      return;
    case "subparts":
      made.setSubparts(describeParts(handle, part.parts, goOn));
      return;
  }
  const { type } = part as { type: unknown };
  throw new TypeError(
    `Cannot set the parts: a part has the type ${String(type)}, expected data, file, stream or ` +
      "subparts",
  );
}
