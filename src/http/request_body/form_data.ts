/**
 * `FormData` as `multipart/form-data`, byte for byte as in the HTML standard:
 * {@link https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data}.
 * libcurl's MIME trees are not used, because before 7.81 they escape quotes with a backslash and do
 * not escape line breaks.
 *
 * @module
 */

import { isInstance } from "../../untrusted.ts";
import { blobChunks } from "./blob_chunks.ts";
import { blobSize } from "./platform.ts";

/** A serialized form. */
export interface SerializedForm {
  /** The media type, with the boundary. */
  readonly type: string;
  /** The number of bytes. */
  readonly length: number;
  /** The bytes from the beginning. Files are read while they are sent. */
  chunks(): AsyncGenerator<Uint8Array, void, void>;
}

const encoder = new TextEncoder();

/** Serializes a form as it is now. The content of its files is read later. */
export function serializeForm(form: FormData): SerializedForm {
  const boundary = `----curlew-${randomHex(16)}`;
  const pieces: (Uint8Array | Blob)[] = [];
  let text = "";
  for (const [name, value] of form) {
    text += `--${boundary}\r\n${partHead(name, value)}\r\n\r\n`;
    if (typeof value === "string") text += withCrlf(value);
    else {
      pieces.push(encoder.encode(text), value);
      text = "";
    }
    text += "\r\n";
  }
  pieces.push(encoder.encode(`${text}--${boundary}--\r\n`));
  const length = pieces.reduce((sum, piece) => sum + sizeOf(piece), 0);
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    length,
    chunks: () => read(pieces),
  };
}

const sizeOf = (piece: Uint8Array | Blob) =>
  isInstance(piece, Blob) ? blobSize(piece) : piece.length;

async function* read(pieces: readonly (Uint8Array | Blob)[]) {
  for (const piece of pieces) {
    if (isInstance(piece, Blob)) yield* blobChunks(piece);
    else yield piece;
  }
}

function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function partHead(name: string, value: string | File): string {
  const head = `Content-Disposition: form-data; name="${escaped(withCrlf(name))}"`;
  if (typeof value === "string") return head;
  const type = value.type || "application/octet-stream";
  const filename = value.name ?? "blob"; // Bun gives a Blob no name
  return `${head}; filename="${escaped(filename)}"\r\nContent-Type: ${type}`;
}

/** Normalizes line breaks to CR LF. */
const withCrlf = (text: string) => text.replace(/\r\n?|\n/g, "\r\n");

const ESCAPES: ReadonlyMap<string, string> = new Map([["\n", "%0A"], ["\r", "%0D"], ['"', "%22"]]);

const escaped = (text: string) => text.replace(/[\n\r"]/g, (unit) => ESCAPES.get(unit) as string);
