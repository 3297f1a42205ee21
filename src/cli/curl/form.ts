/**
 * Makes a MIME tree from a form of a command.
 *
 * @module
 */

import { Mime, type MimePart } from "../../handles/mime/mime.ts";
import type { CurlFormPart } from "../../command/types.ts";
import type { Io } from "../io.ts";

/** Makes the tree. A part that is standard input is read when the tree is made. */
export function mimeOf(parts: readonly CurlFormPart[], io: Io): Mime {
  const mime = new Mime();
  try {
    for (const part of parts) addPart(mime, part, io);
    return mime;
  } catch (error) {
    mime.close();
    throw error;
  }
}

function addPart(mime: Mime, { parts, ...part }: CurlFormPart, io: Io): void {
  if (parts) {
    const { data: _, file: __, ...rest } = part; // a part with parts has neither
    mime.addPart({ ...rest, subparts: mimeOf(parts, io) });
  } else if (part.file === "-") {
    const { file: _, filename = "-", ...rest } = part;
    mime.addPart({ ...rest, filename, data: io.readFile("-") });
  } else mime.addPart(part as MimePart);
}
