/**
 * The options `-d` and its variants, `--json`, `--url-query`, and `-F`.
 *
 * @module
 */

import { dictionary, member } from "../../members.ts";
import { trimmedEnd } from "../../trim.ts";
import { CurlCommandError } from "../command_error.ts";
import { bytesOf, hasRawBytes, joined, partOf, textOf, type Word } from "../shell/words.ts";
import type { CurlFormPart } from "../types.ts";
import type { DataPiece, FormLevel } from "./group.ts";
import { fail, type Given, type Reading } from "./reading.ts";

/** How deep parts may be nested: each level copies its content and takes a recursive call. */
const MOST_LEVELS = 100;

/** `-d`, `--data-…` and `--json`. */
export function data(given: Given): void {
  const { group, name } = given;
  group.data.push(name === "data-urlencode" ? encodedPiece(given.value) : plainPiece(given));
}

function plainPiece({ name, value, place }: Given): DataPiece {
  const isJson = name === "json";
  if (name === "data-raw" || !value.text.startsWith("@")) return { isJson, text: value.text };
  const how = isJson || name === "data-binary" ? "whole" : "lines";
  return { isJson, file: value.text.slice(1), place, how, name: "" };
}

/** The five forms: `content`, `=content`, `name=content`, `@file`, `name@file`. */
function encodedPiece(value: Word): DataPiece {
  const { text } = value, equals = text.indexOf("="), at = equals < 0 ? text.indexOf("@") : -1;
  const split = equals >= 0 ? equals : at;
  const name = text.slice(0, Math.max(split, 0)), content = text.slice(split + 1);
  if (at >= 0) {
    return { isJson: false, file: content, place: value.placeOf(at + 1), how: "encoded", name };
  }
  return { isJson: false, text: named(name, percentEncoded(bytesOf(content))) };
}

const named = (name: string, text: string) => name === "" ? text : `${name}=${text}`;

/** Bytes as in a URL-encoded form. */
export function percentEncoded(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const unit = String.fromCharCode(byte);
    if (/[A-Za-z0-9._~-]/.test(unit)) text += unit;
    else text += unit === " " ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

/**
 * `--url-query`: its value is encoded as by `--data-urlencode`, or added unchanged after a plus.
 */
export function urlQuery({ group, value }: Given): void {
  const { text } = value;
  group.query.push(
    text.startsWith("+") ? { isJson: false, text: text.slice(1) } : encodedPiece(value),
  );
}

/** The bytes of a piece. Reads files. */
export function pieceBytes(piece: DataPiece, reading: Reading): Uint8Array {
  if (!("file" in piece)) return bytesOf(piece.text);
  const bytes = reading.bytes(piece.file, piece.place);
  if (piece.how === "whole") return bytes;
  if (piece.how === "lines") {
    return bytes.filter((byte) => byte !== 10 && byte !== 13 && byte !== 0);
  }
  return bytesOf(named(piece.name, percentEncoded(bytes)));
}

/** Joins pieces as curl does: by an ampersand, except for JSON. */
export function joinedPieces(
  pieces: readonly DataPiece[],
  reading: Reading,
): Uint8Array<ArrayBuffer> {
  const all: Uint8Array[] = [];
  let length = 0;
  for (const piece of pieces) {
    const bytes = pieceBytes(piece, reading);
    if (length > 0 && !piece.isJson) all.push(bytesOf("&"));
    all.push(bytes);
    length += bytes.length + (length > 0 && !piece.isJson ? 1 : 0);
  }
  return joined(all);
}

/** `-F` and `--form-string`. */
export function form(given: Given): void {
  const { group, name, value, place } = given;
  group.choose("form", place);
  if (!group.form) {
    const root: FormLevel = { parts: [], parent: null, depth: 0 };
    group.form = { root, current: root };
  }
  const equals = value.text.indexOf("=");
  if (equals < 0) fail(value, value.text.length, "name=content");
  const field = equals === 0 ? {} : { name: checkedText(partOf(value, 0, equals)) };
  const content = partOf(value, equals + 1);
  if (name === "form-string") {
    group.form.current.parts.push(dictionary({ ...field, data: contentOf(content.text) }));
  } else new FormReader(given, field).read(content);
}

/** A text, or its bytes where it is not UTF-8. */
const contentOf = (text: string) => hasRawBytes(text) ? bytesOf(text) : text;

/** A text. Throws unless it is UTF-8. */
function checkedText(word: Word): string {
  if (hasRawBytes(word.text)) fail(word, 0, "UTF-8");
  return word.text;
}

interface Properties {
  data: string;
  type?: string | undefined;
  filename?: string;
  encoder?: string;
  headers: string[];
  /** The index after it. */
  end: number;
}

/** Reads the content of one `-F`. */
class FormReader {
  readonly #given: Given;
  readonly #field: { readonly name?: string };

  constructor(given: Given, field: { readonly name?: string }) {
    this.#given = given;
    this.#field = field;
  }

  get #form(): { readonly root: FormLevel; current: FormLevel } {
    return this.#given.group.form as { readonly root: FormLevel; current: FormLevel };
  }

  read(content: Word): void {
    const { text } = content;
    if (text.startsWith("(")) this.#begin(content);
    else if (text === ")" && this.#field.name === undefined) this.#end(content);
    else if (text.startsWith("@")) this.#files(content);
    else if (text.startsWith("<")) {
      const { data, filename: _, ...rest } = this.#properties(partOf(content, 1), "");
      this.#add({ file: data, filename: null, ...described(rest) });
    } else {
      const { data, ...rest } = this.#properties(content, "");
      this.#add({ data: contentOf(data), ...described(rest) });
    }
  }

  /**
   * Adds a part with the field's name. It has no prototype, since missing members are read, too.
   */
  #add(part: CurlFormPart): void {
    this.#form.current.parts.push(dictionary({ ...this.#field, ...part }));
  }

  #begin(content: Word): void {
    const form = this.#form, parts: CurlFormPart[] = [], depth = form.current.depth + 1;
    if (depth > MOST_LEVELS) fail(content, 0, `no more than ${MOST_LEVELS} levels of parts`);
    const { type, headers } = this.#properties(content, "");
    this.#add({ ...described({ type, headers }), parts });
    form.current = { parts, parent: form.current, depth };
  }

  #end(content: Word): void {
    const form = this.#form;
    if (!form.current.parent) fail(content, 0, "a part =( before the =) that ends it");
    form.current = form.current.parent as FormLevel;
  }

  /** Adds a part for one file, or a part that contains several files. */
  #files(content: Word): void {
    const parts: CurlFormPart[] = [];
    for (let at = 1, more = true; more;) {
      const { data, end, ...rest } = this.#properties(partOf(content, at), ",");
      parts.push(dictionary({ file: data, ...described(rest) }));
      more = content.text[at + end] === ",";
      at += end + 1;
    }
    this.#add(parts.length === 1 ? parts[0] as CurlFormPart : { parts });
  }

  /** Reads the first word, and each `;name=value` after it, up to `stop`. */
  #properties(content: Word, stop: string): Properties {
    const { text } = content, scan = new Scanner(text, stop);
    scan.skipBlanks();
    const found: Properties = dictionary({ data: scan.word(), headers: [], end: 0 });
    let typeFrom = -1;
    while (text[scan.at] === ";") {
      scan.at++;
      scan.skipBlanks();
      const [, key = ""] = /^(type|filename|headers|encoder)=/i.exec(text.slice(scan.at)) ?? [];
      const name = key.toLowerCase(), isType = name === "type";
      if (name === "" && typeFrom >= 0) {
        scan.rest();
        found.type = trimmedEnd(text.slice(typeFrom, scan.at), " \t");
      } else if (name === "") this.#unknown(scan, content);
      else {
        scan.at += name.length + 1;
        typeFrom = isType ? scan.at : -1;
        if (isType) found.type = scan.rest();
        else this.#property(name, scan, content, found);
      }
    }
    found.end = scan.at;
    return found;
  }

  /** Skips an unknown property; curl does so with a warning. */
  #unknown(scan: Scanner, content: Word): void {
    const place = content.placeOf(scan.at);
    if (scan.word() === "") return;
    const reason = "what follows a ; is left out unless it is type=, filename=, headers= or " +
      "encoder= (quote a ; of the content)";
    this.#given.reading.notes.push({ option: "--form", place, reason, isAboutFetch: false });
  }

  #property(name: string, scan: Scanner, content: Word, found: Properties): void {
    scan.skipBlanks();
    const sign = content.text[scan.at] ?? "", isFile = name === "headers" && /[@<]/.test(sign);
    if (isFile) {
      scan.at++;
      scan.skipBlanks();
    }
    const place = content.placeOf(scan.at), word = scan.word();
    if (isFile) found.headers.push(...this.#headerFile(word, place));
    else if (name === "headers") found.headers.push(word);
    else if (name === "filename") found.filename = word;
    else found.encoder = word;
  }

  /** The header lines of a file. A line that begins with a blank continues the one before. */
  #headerFile(path: string, place: Given["place"]): string[] {
    const lines: string[] = [];
    for (const line of textOf(this.#given.reading.bytes(path, place)).split("\n")) {
      const text = trimmedEnd(line, " \t\r");
      if (text === "" || line.startsWith("#")) continue;
      if (line.startsWith(" ") && lines.length > 0) lines.push(`${lines.pop()}${text}`);
      else lines.push(text);
    }
    return lines;
  }
}

function described(properties: Partial<Properties>): Partial<CurlFormPart> {
  const [type, filename, encoder] = (["type", "filename", "encoder"] as const)
    .map((name) => member(properties, name));
  const headers = member(properties, "headers");
  return {
    ...(filename === undefined ? {} : { filename }),
    ...(type === undefined ? {} : { type }),
    ...(encoder === undefined ? {} : { encoder }),
    ...(headers && headers.length > 0 ? { headers } : {}),
  };
}

/** Reads the content of a part from left to right. */
class Scanner {
  at = 0;
  readonly #text: string;
  readonly #stop: string;

  constructor(text: string, stop: string) {
    this.#text = text;
    this.#stop = stop;
  }

  skipBlanks(): void {
    while (/[ \t]/.test(this.#text[this.at] ?? "")) this.at++;
  }

  /** The text up to the next `;`, unchanged, without blanks at its end. */
  rest(): string {
    const start = this.at;
    while (!this.#isEnd) this.at++;
    return trimmedEnd(this.#text.slice(start, this.at), " \t");
  }

  get #isEnd(): boolean {
    const unit = this.#text[this.at];
    return unit === undefined || unit === ";" || unit === this.#stop;
  }

  /** A word in double quotes, or the text up to the next `;`, without blanks at its end. */
  word(): string {
    const quoted = /^"((?:[^"\\]|\\[^])*)"/.exec(this.#text.slice(this.at));
    if (!quoted) return this.rest();
    this.at += quoted[0].length;
    this.rest();
    return (quoted[1] as string).replace(/\\(["\\])/g, "$1");
  }
}

/** Throws where a nested part of the form is not closed. */
export function checkForm({ group }: Pick<Given, "group">, end: Given["place"]): void {
  if (group.form && group.form.current !== group.form.root) {
    throw new CurlCommandError(end, "a =) that ends the part of the form");
  }
}
