/**
 * A form of a command as a MIME tree.
 *
 * @module
 */

import { Mime } from "../../handles/mime/mime.ts";
import type { CurlFormPart } from "../../command/types.ts";
import type { Io } from "../io.ts";

/** Makes the tree. Standard input is read where a part is made of it. */
export function mimeOf(parts: readonly CurlFormPart[], io: Io): Mime {
  const mime = new Mime();
  for (const { parts: inner, ...part } of parts) {
    if (inner) mime.addPart({ ...part, subparts: mimeOf(inner, io) });
    else if (part.file === "-") {
      const { file: _, filename = "-", ...rest } = part;
      mime.addPart({ ...rest, filename, data: io.readFile("-") });
    } else mime.addPart(part);
  }
  return mime;
}
