/**
 * `CurlMime` and `CurlMimePart`. They only record the properties of the parts: libcurl's parts are
 * made when a transfer begins, so the properties may be changed until then.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import { CurlEasyError as CoreError } from "../../errors.ts";
import { Mime, type MimePart } from "../../handles/mime/mime.ts";
import { CurlCode } from "../enums/codes.ts";
import { CurlEasyError } from "../errors.ts";
import type { MimeDataCallbacks } from "../types/values.ts";
import { isMimeHost, type MimeHost } from "./hosts.ts";
import { streamCallbacks } from "./stream.ts";
import { isInstance } from "../../untrusted.ts";

/** The content of a part. */
export type Content =
  | { readonly data: Uint8Array<ArrayBuffer> }
  | { readonly file: string }
  | { readonly size: number; readonly callbacks: MimeDataCallbacks }
  | { readonly subparts: CurlMime };

/** The recorded properties of a part. */
export interface PartNotes {
  name?: string;
  type?: string;
  encoder?: string;
  headers?: readonly string[];
  /** `null` for a file without a file name, absent for the file's own name. */
  filename?: string | null;
  content?: Content;
}

/** The properties of a part, for the rest of this room. */
export let notesOf: (part: CurlMimePart) => Readonly<PartNotes>;
/** The internal state of a tree, for the rest of this room. */
export let insideOf: (mime: CurlMime) => MimeInside;
let makePart: (mime: MimeInside) => CurlMimePart;

/** The internal state of a tree of parts. */
export class MimeInside {
  readonly parts: CurlMimePart[] = [];
  /** Incremented at each change. */
  revision = 0;
  #parent: MimeInside | null = null;
  #holders = 0;

  /** Whether the tree is inside another tree. */
  get isPart(): boolean {
    return this.#parent !== null;
  }

  /** Records a change of a part. */
  changed(): void {
    this.revision++;
    this.#parent?.changed();
  }

  /** Makes the tree part of another one, permanently. */
  giveTo(parent: MimeInside): void {
    if (this.#parent) {
      throw new TypeError("Cannot set the subparts: the CurlMime is part of another already");
    }
    for (let at: MimeInside | null = parent; at; at = at.#parent) {
      if (at === this) throw new TypeError("Cannot set the subparts: they would be in themselves");
    }
    this.#parent = parent;
  }

  /** Adds a handle to those that will send the tree. */
  hold(): void {
    this.#holders++;
  }

  /**
   * Removes a handle from those that will send the tree. With the last one the parts' `free` is
   * called.
   */
  release(): void {
    if (--this.#holders === 0) this.free();
  }

  /** Calls the `free` of all parts. */
  free(): void {
    for (const part of this.parts) freeContent(notesOf(part).content);
  }
}

function freeContent(content: Content | undefined): void {
  if (!content) return;
  if ("subparts" in content) insideOf(content.subparts).free();
  else if ("callbacks" in content) content.callbacks.free?.();
}

/** The encoding of a part's bytes. */
export type MimeEncoding = "binary" | "8bit" | "7bit" | "base64" | "quoted-printable";

/**
 * Parts to be sent as a form or a mail: the value of MIMEPOST.
 *
 * @example
 * ```ts
 * import { Curl, CurlMime } from "curlew/node-libcurl";
 *
 * const curl = new Curl();
 * const mime = new CurlMime(curl);
 * mime.addPart().setName("title").setData("A picture");
 * mime.addPart().setName("picture").setData(Buffer.alloc(9)).setType("image/png");
 * curl.setOpt("MIMEPOST", mime);
 * curl.close();
 * ```
 */
export class CurlMime {
  readonly #inside = new MimeInside();

  static {
    insideOf = (mime) => mime.#inside;
  }

  /** Makes an empty tree for a handle. Other handles may send it as well. */
  constructor(handle: MimeHost) {
    if (isMimeHost(handle)) return;
    throw new TypeError("Cannot make a CurlMime: expected an Easy or a Curl");
  }

  /** Adds a part. */
  addPart(): CurlMimePart {
    const part = makePart(this.#inside);
    this.#inside.parts.push(part);
    this.#inside.changed();
    return part;
  }
}

/** A part of a {@linkcode CurlMime}. In the setters `null` removes what was set. */
export class CurlMimePart {
  #mime: MimeInside;
  #notes: PartNotes = {};

  static {
    notesOf = (part) => part.#notes;
    makePart = (mime) => {
      making = mime;
      return new CurlMimePart();
    };
  }

  /** Only for {@linkcode CurlMime.addPart}. */
  constructor() {
    if (making === null) throw new TypeError("Cannot make a CurlMimePart: CurlMime.addPart() does");
    this.#mime = making;
    making = null;
  }

  /** Sets the name of the field. */
  setName(name: string | null): this {
    return this.#set("name", text("name", name));
  }

  /** Sets the content to text or bytes. */
  setData(data: string | Buffer | null): this {
    if (data === null || data === undefined) return this.#fill(undefined);
    if (typeof data !== "string" && !ArrayBuffer.isView(data)) {
      throw new TypeError("Cannot set the data of the part: expected a string or a Buffer");
    }
    return this.#fill({ data: Uint8Array.from(Buffer.from(data as string)) });
  }

  /**
   * Sets the content to a file, which is read when it is sent. Its name becomes the part's file
   * name.
   *
   * @throws {CurlEasyError} `CURLE_READ_ERROR` where it cannot be read.
   */
  setFileData(filePath: string | null): this {
    const file = text("file path", filePath);
    if (file === undefined) return this.#fill(undefined);
    this.#rehearse("file path", { file });
    delete this.#notes.filename;
    return this.#fill({ file });
  }

  /** Sets the media type. */
  setType(mimeType: string | null): this {
    return this.#set("type", text("type", mimeType));
  }

  /** Sets the name of the file as the receiver sees it. */
  setFileName(fileName: string | null): this {
    return this.#set("filename", text("file name", fileName) ?? null);
  }

  /** Sets the encoding of the bytes. */
  setEncoder(encoding: MimeEncoding | null): this {
    const encoder = text("encoder", encoding);
    if (encoder !== undefined) this.#rehearse("encoder", { encoder });
    return this.#set("encoder", encoder);
  }

  /** Sets more header lines. */
  setHeaders(headers: string[] | null): this {
    if (headers === null || headers === undefined) return this.#set("headers", undefined);
    if (!Array.isArray(headers) || headers.some((line) => typeof line !== "string")) {
      throw new TypeError("Cannot set the headers of the part: expected an array of strings");
    }
    this.#rehearse("headers", { headers });
    return this.#set("headers", headers.slice());
  }

  /** Sets the content to a tree of parts, permanently. */
  setSubparts(mime: CurlMime | null): this {
    if (mime === null || mime === undefined) return this.#fill(undefined);
    if (!isInstance(mime, CurlMime)) {
      throw new TypeError("Cannot set the subparts: expected a CurlMime");
    }
    insideOf(mime).giveTo(this.#mime);
    return this.#fill({ subparts: mime });
  }

  /** Sets functions that produce the content; `size` is -1 where it is unknown. */
  setDataCallback(size: number, callbacks: MimeDataCallbacks): this {
    if (typeof size !== "number") {
      throw new TypeError("Cannot set the callbacks of the part: expected a number as the size");
    }
    if (typeof callbacks !== "object" || typeof callbacks?.read !== "function") {
      throw new TypeError("Cannot set the callbacks of the part: expected { read: function }");
    }
    return this.#fill({ size: Math.trunc(size), callbacks });
  }

  /**
   * Sets the content to the bytes of a stream.
   *
   * @param unpause called when there is more, to resume a paused transfer.
   * @param size the size in bytes, if it is known.
   */
  setDataStream(stream: Readable, unpause: () => void, size?: number): this {
    return this.setDataCallback(size ?? -1, streamCallbacks(stream, unpause));
  }

  #set<N extends keyof PartNotes>(what: N, value: PartNotes[N]): this {
    if (value === undefined) delete this.#notes[what];
    else this.#notes[what] = value;
    this.#mime.changed();
    return this;
  }

  #fill(content: Content | undefined): this {
    freeContent(this.#notes.content);
    return this.#set("content", content as Content);
  }

  /** Has libcurl check a value now, since an error at the transfer would be too late. */
  #rehearse(what: string, part: MimePart): void {
    using mime = new Mime();
    try {
      mime.addPart(part);
    } catch (error) {
      if (!isInstance(error, CoreError)) throw error;
      const { code, message } = error;
      throw new CurlEasyError(`Cannot set the ${what} of the part: ${message}`, code as CurlCode);
    }
  }
}

let making: MimeInside | null = null;

/** A string, or `undefined` for `null`. */
function text(what: string, value: unknown): string | undefined {
  if (value === null) return undefined;
  if (typeof value !== "string") {
    throw new TypeError(`Cannot set the ${what} of the part: expected a string or null`);
  }
  if (!/[\0\r\n]/.test(value)) return value;
  throw new CurlEasyError(
    `Cannot set the ${what} of the part: expected a string without NUL and line breaks`,
    CurlCode.CURLE_BAD_FUNCTION_ARGUMENT,
  );
}
