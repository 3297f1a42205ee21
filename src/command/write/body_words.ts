/**
 * Converts bodies to arguments of curl.
 *
 * @module
 */

import type { FetchBody } from "../../http/request_body/source.ts";
import { textOf } from "../shell/words.ts";
import { type Argument, hidden, open } from "./option_words.ts";
import { REDACTED } from "../../redact.ts";
import { isInstance } from "../../untrusted.ts";

/** A body as arguments, and their implications. */
export interface BodyWords {
  readonly words: readonly Argument[];
  /** The media type that `fetch` sends, `null` for none. */
  readonly type: string | null;
  /** The method that the arguments imply, `null` for none. */
  readonly implies: "POST" | "PUT" | null;
  /** Whether curl would wait for a 100 before it sends the body. */
  readonly isLarge: boolean;
  /** Whether curl sets the media type of the body itself. */
  readonly isForm: boolean;
}

/** The size from which on curl asks for a 100 first. */
const LARGE = 1024 * 1024;

/** The arguments that send a body. Throws `TypeError` for one that no argument can express. */
export function bodyWords(body: FetchBody): BodyWords {
  if (isInstance(body, FormData)) return formWords(body);
  if (isInstance(body, URLSearchParams)) {
    return dataWords(String(body), "application/x-www-form-urlencoded;charset=UTF-8");
  }
  if (typeof body === "string") return dataWords(body.toWellFormed(), "text/plain;charset=UTF-8");
  const bytes = bytesIn(body);
  if (bytes) return dataWords(textOf(bytes), null);
  if (isInstance(body, Blob)) return fileWords(body);
  const words = [open("-T"), open("-")]; // a stream is read from standard input
  return { words, type: null, implies: "PUT", isLarge: true, isForm: false };
}

function bytesIn(body: FetchBody): Uint8Array | null {
  if (isInstance(body, ArrayBuffer)) return new Uint8Array(body);
  if (!ArrayBuffer.isView(body)) return null;
  return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
}

function dataWords(text: string, type: string | null): BodyWords {
  if (text.includes("\0")) {
    throw new TypeError(
      "Cannot write the curl command: the body has a NUL, which no argument can carry; " +
        "send it from a File",
    );
  }
  const isLarge = text.length * 3 >= LARGE; // a UTF-16 unit may take three bytes of UTF-8
  return {
    words: [open("--data-raw"), hidden(text)],
    type,
    implies: "POST",
    isLarge,
    isForm: false,
  };
}

/** The arguments for a Blob: a file is sent by its name, any other Blob from standard input. */
function fileWords(blob: Blob): BodyWords {
  const words = [open("--data-binary"), open(`@${nameOf(blob) || "-"}`)];
  const isLarge = blob.size >= LARGE;
  return { words, type: blob.type || null, implies: "POST", isLarge, isForm: false };
}

const nameOf = (blob: Blob): string => (blob as Partial<File>).name ?? "";

function formWords(form: FormData): BodyWords {
  const words: Argument[] = [];
  for (const [name, value] of form) {
    if (name === "" || name.includes("=")) {
      throw new TypeError(
        "Cannot write the curl command: a field's name is empty or has an =, which -F cannot say",
      );
    }
    if (typeof value === "string") {
      const text = value.replace(/\r\n?|\n/g, "\r\n"); // as in the standard
      words.push(open("--form-string"), { text: `${name}=${text}`, shown: `${name}=${REDACTED}` });
    } else words.push(open("-F"), open(`${name}=${filePart(value)}`));
  }
  return { words, type: null, implies: "POST", isLarge: true, isForm: true };
}

/** The value of `-F` for a file: `@"file";filename="…";type="…"`. */
function filePart(file: File): string {
  const name = file.name || "blob", base = name.split("/").at(-1) || "blob";
  const type = file.type || "application/octet-stream";
  const renamed = base === name ? "" : `;filename=${inQuotes(name)}`;
  return `@${inQuotes(base)}${renamed};type=${type}`;
}

const inQuotes = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;
