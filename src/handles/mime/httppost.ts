/**
 * The value of HTTPPOST: the forms of `curl_formadd`, the older interface that {@linkcode Mime}
 * replaces.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import {
  allocate,
  allocateBytes,
  type CText,
  release,
  Struct,
  utf8,
  withNul,
} from "../../../ffi/memory.ts";
import { library, native, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { member } from "../../members.ts";
import { badValue, bytes, isArray, items, lines, oneLine } from "../base/arguments.ts";
import { ownBytes, Owned, ownList } from "../base/owned.ts";

/**
 * A part of HTTPPOST: {@link https://curl.se/libcurl/c/curl_formadd.html}. It has a `name` and
 * one of `contents`, `file`, `fileContent` and `buffer`. A {@linkcode Mime} can do more.
 *
 * @example
 * ```ts
 * import { Easy, type HttpPostPart } from "curlew";
 *
 * const parts: HttpPostPart[] = [
 *   { name: "title", contents: "A picture" },
 *   { name: "picture", buffer: new Uint8Array(1000), filename: "a.png", type: "image/png" },
 * ];
 * using easy = new Easy();
 * easy.setOpt("HTTPPOST", parts);
 * ```
 */
export interface HttpPostPart {
  /** The name of the field. */
  readonly name: string | Uint8Array;
  /** Bytes or text, as the field's value. */
  readonly contents?: string | Uint8Array | ArrayBuffer;
  /** The path of a file to upload, or of several for one field. */
  readonly file?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The path of a file whose content is the field's value. */
  readonly fileContent?: string | Uint8Array;
  /** Bytes to upload as a file with that `filename`. */
  readonly buffer?: Uint8Array | ArrayBuffer;
  /** The name of the file as the server sees it; of the first one where there are several. */
  readonly filename?: string | Uint8Array;
  /** The media type; of the first file where there are several. */
  readonly type?: string | Uint8Array;
  /** More header lines. */
  readonly headers?: readonly (string | Uint8Array)[];
}

const CONTENTS = ["contents", "file", "fileContent", "buffer"] as const;
const NAMES = [...CONTENTS, "name", "filename", "type", "headers"] as const;
const PROPERTIES: ReadonlySet<string> = new Set(NAMES);

/** A copy of a part, checked, which later code of the user cannot change. */
export interface FormPart {
  readonly name: CText;
  readonly contents: Uint8Array | undefined;
  readonly files: readonly CText[];
  readonly fileContent: CText | undefined;
  readonly buffer: Uint8Array | undefined;
  readonly filename: CText | undefined;
  readonly type: CText | undefined;
  readonly headers: readonly CText[] | undefined;
}

/**
 * Reads the value of HTTPPOST. Throws CURLE_BAD_FUNCTION_ARGUMENT unless it is an array of parts.
 */
export function readForm(value: unknown): FormPart[] {
  return items("HTTPPOST", "an array of parts", value).map((part) => readPart(part));
}

function readPart(value: unknown): FormPart {
  if (typeof value !== "object" || value === null) throw badValue("HTTPPOST", "parts", value);
  const part = value as HttpPostPart;
  for (const property of Object.keys(part)) {
    if (!PROPERTIES.has(property)) throw badValue("HTTPPOST", `no "${property}" in a part`, part);
  }
  const given = Object.fromEntries(NAMES.map((name) => [name, member(part, name)]));
  if (CONTENTS.filter((content) => given[content] !== undefined).length !== 1) {
    throw badValue("HTTPPOST", `one of ${CONTENTS.join(", ")} in a part`, part);
  }
  const { name, contents, file, fileContent, buffer, filename, type, headers } = given;
  const optional = (what: string, value: unknown) =>
    value === undefined ? undefined : oneLine(what, value);
  const files = file === undefined ? [] : isArray(file) ? items("HTTPPOST", "paths", file) : [file];
  return {
    name: oneLine("the part's name", name ?? null),
    contents: contents === undefined ? undefined : contentBytes(contents),
    files: files.map((file) => filePath(oneLine("the part's file", file))),
    fileContent: fileContent === undefined
      ? undefined
      : filePath(oneLine("the part's file", fileContent)),
    buffer: buffer === undefined ? undefined : bytes("the buffer", buffer).slice(),
    filename: buffer === undefined
      ? optional("the part's filename", filename)
      : oneLine("the filename of a buffer", filename),
    type: optional("the part's type", type),
    headers: headers === undefined ? undefined : lines("the part's headers", headers),
  };
}

function contentBytes(contents: unknown): Uint8Array {
  return typeof contents === "string" ? utf8(contents) : bytes("the contents", contents).slice();
}

/** The path of a file for libcurl, which would take "-" for the standard input. */
const filePath = (file: CText): CText =>
  file === "-" || (file.length === 1 && file[0] === MINUS) ? "./-" : file;
const MINUS = 0x2d;

/** The arguments of one `curl_formadd`, with their memory. */
class Arguments {
  /** The memory that libcurl reads until the form is freed. */
  readonly memory: Owned[] = [];
  readonly #pairs: (readonly [option: number, value: number])[] = [];
  readonly #blocks: NonNullPointer[] = [];

  /** Adds a number. */
  addNumber(option: number, value: number): void {
    this.#pairs.push([option, value]);
  }

  /** Adds a text, which libcurl copies. */
  addText(option: number, value: CText | undefined): void {
    if (value === undefined) return;
    const block = allocateBytes(withNul(typeof value === "string" ? utf8(value) : value));
    this.#blocks.push(block);
    this.addNumber(option, native.address(block));
  }

  /** Adds memory that libcurl does not copy. */
  addMemory(option: number, owned: Owned): void {
    this.memory.push(owned);
    this.addNumber(option, native.address(owned.pointer));
  }

  /** Calls `call` with an array of `struct curl_forms`: CURLformoption @0, const char * @8. */
  callWith<T>(call: (array: NonNullPointer) => T): T {
    const array = allocate((this.#pairs.length + 1) * 16);
    this.#blocks.push(array);
    const at = new Struct(array, (this.#pairs.length + 1) * 16);
    [...this.#pairs, [flags.CURLFORM_END, 0] as const].forEach(([option, value], i) => {
      at.setI64(i * 16, option);
      at.setI64(i * 16 + 8, value);
    });
    return call(array);
  }

  /** Frees the memory that libcurl has copied. */
  release(): void {
    for (const block of this.#blocks) release(block);
  }
}

/** Makes a form without files, which the easy handle owns: `form.ts` has those with files. */
export function ownForm(parts: readonly FormPart[]): Owned {
  const ends: { first: Pointer; last: Pointer } = { first: null, last: null };
  const memory: Owned[] = [];
  const free = () => {
    library().symbols.curl_formfree(ends.first);
    for (const owned of memory) owned.release();
  };
  try {
    for (const part of parts) addPart(ends, memory, part);
  } catch (error) {
    free();
    throw error;
  }
  return new Owned(ends.first, free);
}

function addPart(ends: { first: Pointer; last: Pointer }, memory: Owned[], part: FormPart): void {
  const args = new Arguments();
  try {
    addArguments(args, part);
    const code = args.callWith((array) => formAdd(ends, array));
    if (code !== 0) {
      throw new CurlEasyError(
        code === flags.CURL_FORMADD_MEMORY ? Code.OUT_OF_MEMORY : Code.BAD_FUNCTION_ARGUMENT,
        `Cannot set HTTPPOST: curl_formadd() failed with ${code}`,
      );
    }
  } finally {
    memory.push(...args.memory);
    args.release();
  }
}

function formAdd(ends: { first: Pointer; last: Pointer }, array: NonNullPointer): number {
  const { CURLFORM_ARRAY, CURLFORM_END } = flags;
  const places = new BigInt64Array([ends.first, ends.last].map((p) => BigInt(native.address(p))));
  const first = places.subarray(0, 1), last = places.subarray(1, 2);
  const { curl_formadd } = library().symbols;
  const code = curl_formadd.array(first, last, CURLFORM_ARRAY, array, CURLFORM_END);
  ends.first = native.pointer(Number(first[0]));
  ends.last = native.pointer(Number(last[0]));
  return code;
}

function addArguments(args: Arguments, part: FormPart): void {
  args.addText(flags.CURLFORM_COPYNAME, part.name);
  if (part.contents) {
    args.addMemory(flags.CURLFORM_PTRCONTENTS, ownWithNul(part.contents));
    args.addNumber(flags.CURLFORM_CONTENTLEN, part.contents.length);
  } else if (part.buffer) {
    args.addMemory(flags.CURLFORM_BUFFERPTR, ownWithNul(part.buffer));
    args.addNumber(flags.CURLFORM_BUFFERLENGTH, part.buffer.length);
  }
  args.addText(flags.CURLFORM_CONTENTTYPE, part.type);
  args.addText(part.buffer ? flags.CURLFORM_BUFFER : flags.CURLFORM_FILENAME, part.filename);
  if (part.headers) args.addMemory(flags.CURLFORM_CONTENTHEADER, ownList(part.headers));
}

/** A copy with a NUL after it, which libcurl searches for where the length is 0. */
const ownWithNul = (data: Uint8Array): Owned => ownBytes(withNul(data));
