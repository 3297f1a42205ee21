/**
 * `FormData` as `multipart/form-data`, byte for byte as in the HTML standard:
 * {@link https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data}.
 * libcurl's MIME trees are not used, because before 7.81 they escape quotes with a backslash and do
 * not escape line breaks.
 *
 * @module
 */

import { type BlobContent, type BodyPart, chunksOf, isBytes } from "./blob_chunks.ts";
import { namedContent } from "./named_blob.ts";
import { escaped, type FormEntry, NameFinder, withCrlf } from "./given_names.ts";
import { blobType } from "./platform.ts";

/** A serialized form. */
export interface SerializedForm {
  /** The media type, with the boundary. */
  readonly type: string;
  /** The number of bytes, `null` if that of a file is known only at its end. */
  readonly length: number | null;
  /** Whether all of its files can be read more than once. */
  readonly replayable: boolean;
  /** The bytes from the beginning. Files are read while they are sent. */
  chunks(): AsyncGenerator<Uint8Array, void, void>;
}

const encoder = new TextEncoder();

/**
 * Serializes the present entries of a form. The content of its files is read later. Throws
 * `TypeError` for a file that cannot be read.
 */
export async function serializeForm(form: FormData): Promise<SerializedForm> {
  const entries: FormEntry[] = [...form], finder = new NameFinder(form, entries);
  const contents = await Promise.all(
    entries.map(([, value]) => typeof value === "string" ? null : namedContent(value)),
  );
  const onDisk = contents.reduce((sum, content) => sum + (content?.onDisk ?? 0), 0);
  const names = await finder.find(onDisk);
  const boundary = `----curlew-${randomHex(16)}`;
  const pieces: BodyPart[] = [];
  let text = "";
  for (const [at, [name, value]] of entries.entries()) {
    const content = contents[at];
    text += `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(withCrlf(name))}"`;
    if (!content) text += `\r\n\r\n${withCrlf(value as string)}`;
    else {
      const fileName = nameOf(value as File, content, names?.[at]);
      text += `; filename="${fileName}"\r\nContent-Type: ${typeOf(value as File)}\r\n\r\n`;
      pieces.push(encoder.encode(text), content);
      text = "";
    }
    text += "\r\n";
  }
  pieces.push(encoder.encode(`${text}--${boundary}--\r\n`));
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    length: pieces.reduce(addSize, 0),
    replayable: contents.every((content) => content?.replayable ?? true),
    chunks: () => chunksOf(pieces),
  };
}

function addSize(sum: number | null, piece: BodyPart): number | null {
  const size = isBytes(piece) ? piece.length : piece.size;
  return sum === null || size === null ? null : sum + size;
}

function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const typeOf = (file: File) => blobType(file) || "application/octet-stream";

/**
 * The file name to send, escaped. `given` is the one that the runtime would send. Of the path of a
 * file on the disk only the base name is sent.
 */
function nameOf({ name }: File, { fileName }: BlobContent, given: string | undefined): string {
  const own = escaped(fileName ?? name ?? "blob"); // Bun gives a Blob no name
  if (given === undefined || given === escaped(name ?? "")) return own;
  return given;
}
