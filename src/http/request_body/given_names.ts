/**
 * The file names that were given to `FormData.append`. Bun's entries do not keep them: after
 * `append(name, file, "given")` an entry has the file's own name, which for `Bun.file()` is a path.
 * Only Bun's serializer has the given names.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** An entry of a form. */
export type FormEntry = readonly [name: string, value: string | File];

/** How many bytes of files on the disk the serializer may read: it loads them into memory. */
const MAX_READ = 32 * 1024 * 1024;

let forgets: boolean | undefined;

/** Whether the entries of this runtime do not keep the name that `append` was given. */
function forgetsNames(): boolean {
  if (forgets === undefined) {
    const form = new FormData();
    form.append("file", new File([], "own"), "given");
    forgets = (form.get("file") as File).name !== "given";
  }
  return forgets;
}

/** Finds the file names of a form in the runtime's serialization of it. */
export class NameFinder {
  readonly #form: FormData;
  readonly #entries: readonly FormEntry[];
  readonly #needed: boolean;
  #serialized: Response | null = null;

  /** `entries` are those of the form. A small form is serialized at once, in its present state. */
  constructor(form: FormData, entries: readonly FormEntry[]) {
    this.#form = form;
    this.#entries = entries;
    this.#needed = entries.some(([, value]) => typeof value !== "string") && forgetsNames();
    if (this.#needed && sizeOf(form) <= MAX_READ) this.#serialize();
  }

  #serialize(): void {
    try {
      this.#serialized = new Response(this.#form);
    } catch {
      // a file that cannot be read is reported by the code that sends it
    }
  }

  /**
   * The names of all entries as they are sent, that is, escaped; `""` where there is none. `null`
   * if the entries keep their names, or if too much would have to be read: `onDisk` bytes, which is
   * `Infinity` for a file of unknown size.
   */
  async find(onDisk: number): Promise<readonly string[] | null> {
    if (!this.#needed) return null;
    if (!this.#serialized && onDisk <= MAX_READ) this.#serialize();
    const type = this.#serialized?.headers.get("content-type") ?? "";
    const boundary = /^multipart\/form-data; *boundary="?([^";]+)/.exec(type)?.[1];
    if (!this.#serialized || boundary === undefined) return null;
    return this.#read(Buffer.from(await this.#serialized.arrayBuffer()), `--${boundary}`);
  }

  /** `null` if the form has changed since its entries were read. */
  #read(body: Buffer, delimiter: string): string[] | null {
    const names: string[] = [];
    for (let at = 0; names.length < this.#entries.length;) {
      const start = body.indexOf(delimiter, at), end = body.indexOf("\r\n\r\n", start);
      if (start < 0 || end < 0) return null;
      const [name] = this.#entries[names.length] as FormEntry;
      const head = HEAD.exec(body.toString("utf8", start, end));
      if (head?.[1] !== escaped(withCrlf(name))) return null;
      names.push(head[2] ?? "");
      at = end;
    }
    return names;
  }
}

const HEAD = /\r\nContent-Disposition: form-data; name="([^"]*)"(?:; filename="([^"]*)")?/;

/**
 * The size of a form's files. Reads `size` of new entries: once a `Bun.file()` has returned 0 for
 * it, Bun reads nothing of that file.
 */
function sizeOf(form: FormData): number {
  let size = 0;
  for (const [, value] of form) if (typeof value !== "string") size += value.size;
  return size;
}

/** Normalizes line breaks to CR LF. */
export const withCrlf = (text: string): string => text.replace(/\r\n?|\n/g, "\r\n");

const ESCAPES: Readonly<Record<string, string>> = { "\n": "%0A", "\r": "%0D", '"': "%22" };

/** Escapes a name for a Content-Disposition, as the HTML standard says. */
export const escaped = (text: string): string =>
  text.replace(/[\n\r"]/g, (unit) => ESCAPES[unit] as string);
