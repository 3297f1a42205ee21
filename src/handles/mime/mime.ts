/**
 * The MIME handle: a tree of the parts of a form or a mail.
 *
 * The folder `mime/` knows the trees, their readers and their owners, and the older HTTPPOST forms.
 * It does not know how other options are set, or which protocol sends a tree.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { type CText, utf8 } from "../../../ffi/memory.ts";
import { library, type NonNullPointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { member } from "../../members.ts";
import { CollectedHandles } from "../base/collected_handles.ts";
import { checkSetopt } from "../base/check_setopt.ts";
import { type EasyState, easyTokens } from "../core/easy_state.ts";
import { badValue, bytes, lines, oneLine, text } from "../base/arguments.ts";
import { hasTypeLine, typeOfFile } from "./file_type.ts";
import { type PartReader, setReader } from "./part_reader.ts";
import {
  type Attributes,
  type FilePlace,
  refreshFile,
  setAttributes,
  setData,
  setFile,
  setFileContent,
  setText,
} from "./part_setters.ts";
import { type MimeReader, Reader, type ReaderSource, readReader } from "./reader.ts";
import { MimeTree } from "./tree.ts";

/** The properties of a part other than its content. */
export interface MimePartProperties {
  /** The name of the field. Bytes instead of text are sent unchanged. */
  readonly name?: string | Uint8Array;
  /** The name of the file as the receiver sees it, `null` for none. */
  readonly filename?: string | Uint8Array | null;
  /** The media type. */
  readonly type?: string | Uint8Array;
  /** The encoding: `"binary"`, `"8bit"`, `"7bit"`, `"base64"` or `"quoted-printable"`. */
  readonly encoder?: string | Uint8Array;
  /** More header lines. */
  readonly headers?: readonly (string | Uint8Array)[];
}

/** The contents that a part may have. */
export interface MimeContents {
  /** The content as bytes or text, which are copied: `curl_mime_data`. */
  readonly data: string | Uint8Array | ArrayBuffer;
  /**
   * The path of a file with the content, which is read when it is sent: `curl_mime_filedata`. Its
   * base name is the default of `filename`. A regular file is sent with the size that it has now: a
   * transfer for which it has become too short ends with CURLE_READ_ERROR.
   */
  readonly file: string | Uint8Array;
  /** A function that produces the content: `curl_mime_data_cb`. */
  readonly reader: MimeReader;
  /** The parts inside this part, which takes ownership of them: `curl_mime_subparts`. */
  readonly subparts: Mime;
}

/** A type with one of the contents and none of the others. */
type Only<Name extends keyof MimeContents> =
  & Pick<MimeContents, Name>
  & Partial<Record<Exclude<keyof MimeContents, Name>, never>>;

/**
 * A part of a {@linkcode Mime}. At most one of `data`, `file`, `reader` and `subparts` is its
 * content; without any the part is empty.
 */
export type MimePart =
  & MimePartProperties
  & (
    | Only<"data">
    | Only<"file">
    | Only<"reader">
    | Only<"subparts">
    | Partial<Record<keyof MimeContents, never>>
  );

const CONTENTS = ["data", "file", "reader", "subparts"] as const;
const PROPERTIES: ReadonlySet<string> = new Set(
  [...CONTENTS, "name", "filename", "type", "encoder", "headers"],
);

const unclosed = new CollectedHandles<MimeTree>("a Mime", (tree) => {
  if (tree.pointer === null || tree.parent) return undefined;
  tree.release();
  return true;
});

/** A part with a reader. */
export interface ReaderPart {
  readonly part: NonNullPointer;
  reader: PartReader;
  readonly tree: MimeTree;
}

/**
 * How deep Mimes may be nested. libcurl walks them by recursion: 45,000 levels exhaust the stack,
 * and since 8.20 (d087a7e4ec) it sends no more than 39.
 */
const MAX_DEPTH = 32;

let openTree: (value: unknown) => MimeTree | null;
let isMime: (value: unknown) => value is Mime;
/** The parts with a reader in a tree and in its subparts. */
export let readerPartsOf: (mime: Mime) => ReaderPart[];
/** The parts that are files in a tree and in its subparts. */
export let filePlacesOf: (mime: Mime) => FilePlace[];
/**
 * Adds a part whose file need not exist yet: it is sent with the size that it has when
 * {@linkcode refreshFiles} was called last.
 */
export let addLatePart: (mime: Mime, part: MimePart) => void;
/**
 * Makes a tree of the same parts, with the files as they are now. Throws where a part has a reader
 * of the user, whose position two trees cannot share, more data than is kept for this, or a file
 * that is gone.
 */
export let rebuild: (mime: Mime) => Mime;

/** The most bytes of a part that are kept for {@linkcode rebuild}. */
const MOST_KEPT = 64 * 1024;

/**
 * A MIME handle, whose parts are sent as a form over HTTP, or as a mail over SMTP and IMAP: {@link
 * https://curl.se/libcurl/c/curl_mime_init.html}. It is the value of MIMEPOST, for one easy handle
 * at a time, and cannot change while a transfer uses it.
 *
 * Each part is described by an object, which is checked before libcurl gets any of it. Handles may
 * be closed in any order: the tree exists as long as it is the value of MIMEPOST.
 *
 * @example
 * ```ts
 * import { Easy, Mime } from "curlew";
 *
 * using easy = new Easy();
 * using mime = new Mime();
 * mime.addPart({ name: "title", data: "A picture" });
 * mime.addPart({ name: "picture", data: new Uint8Array(1000), filename: "a.png" });
 * easy.setOpts({ URL: "https://example.com/upload", MIMEPOST: mime });
 * ```
 */
export class Mime {
  readonly #tree: MimeTree;
  #closed = false;
  // libcurl has only tokens, so these references keep the readers alive
  readonly #readers: ReaderPart[] = [];
  readonly #files: FilePlace[] = [];
  readonly #subparts: Mime[] = [];
  /** All parts, `null` where not all are kept. */
  #parts: PartCopy[] | null = [];

  static {
    openTree = (value) => isMime(value) && !value.#isClosed ? value.#tree : null;
    isMime = (value): value is Mime =>
      typeof value === "object" && value !== null && #tree in value;
    readerPartsOf = (mime) => [
      ...mime.#readers,
      ...mime.#files.flatMap((place) => place.reader ? [place as ReaderPart & FilePlace] : []),
      ...mime.#subparts.flatMap((inner) => readerPartsOf(inner)),
    ];
    filePlacesOf = (mime) => [
      ...mime.#files,
      ...mime.#subparts.flatMap((inner) => filePlacesOf(inner)),
    ];
    addLatePart = (mime, part) => mime.#add(readPart(part, true));
    rebuild = (mime) => mime.#rebuild();
  }

  /** Makes an empty tree: `curl_mime_init`. */
  constructor() {
    // NULL for the easy handle: libcurl uses it only for random bytes, and up to 7.81 binds the
    // tree to it
    const pointer = library().symbols.curl_mime_init(null);
    if (pointer === null) throw new CurlEasyError(Code.OUT_OF_MEMORY, "Cannot make a Mime");
    this.#tree = new MimeTree(pointer);
    unclosed.add(this, this.#tree);
  }

  /** Whether the handle is closed, or the tree that it is part of was freed. */
  get closed(): boolean {
    return this.#isClosed;
  }

  /** `closed`, which a subclass may override. */
  get #isClosed(): boolean {
    return this.#closed || this.#tree.pointer === null;
  }

  /**
   * Adds a part: {@link https://curl.se/libcurl/c/curl_mime_addpart.html}.
   *
   * @throws {CurlEasyError} CURLE_BAD_FUNCTION_ARGUMENT for a value of the wrong type or with a
   * NUL, an unknown encoder, subparts that are already part of a tree or would make it deeper than
   * 32, and while a transfer uses the tree; CURLE_READ_ERROR for a file that cannot be read.
   * Nothing is added then.
   */
  addPart(part: MimePart): this {
    this.#add(readPart(part, false));
    return this;
  }

  #add(read: PartCopy): void {
    const tree = this.#tree;
    if (this.#isClosed) throw refused("add the part", "the Mime is closed");
    if (easyTokens.get(tree.easyToken)) throw refused("add the part", "a transfer uses the Mime");
    if (read.subparts !== undefined) this.#checkSubparts(read.subparts);
    checkByLibcurl(read);
    const { curl_mime_addpart } = library().symbols;
    const pointer = curl_mime_addpart(tree.pointer);
    if (pointer === null) throw new CurlEasyError(Code.OUT_OF_MEMORY, "Cannot add the part");
    this.#setContent(pointer, read);
    setAttributes(pointer, this.#withType(read));
    if (read.reader || (read.data?.length ?? 0) > MOST_KEPT) this.#parts = null;
    this.#parts?.push(read);
  }

  /** Adds the type of a file that curlew reads: libcurl does not know that it is a file. */
  #withType(part: PartCopy): PartCopy {
    const { file, filename, type, headers, late } = part;
    if (file === undefined || type !== undefined || hasTypeLine(headers)) return part;
    const isRead = late || this.#files.at(-1)?.reader;
    return isRead ? { ...part, type: typeOfFile(file, filename) } : part;
  }

  #rebuild(): Mime {
    if (!this.#parts) throw refused("rebuild the Mime", "not all of its parts are kept");
    const copy = new Mime();
    try {
      for (const part of this.#parts) {
        using subparts = part.subparts ? part.subparts.#rebuild() : undefined;
        copy.#add({ ...part, subparts });
      }
    } catch (error) {
      copy.close();
      throw error;
    }
    return copy;
  }

  #checkSubparts(subparts: unknown): void {
    const inner = openTree(subparts);
    if (!inner) {
      throw badValue("the subparts", "an open Mime", subparts);
    }
    if (inner.parent) throw refused("set the subparts", "they are part of a Mime already");
    if (inner.easyToken !== 0) throw refused("set the subparts", "they are an easy handle's");
    if (inner.sent) throw refused("set the subparts", SENT);
    if (inner === this.#tree.root) throw refused("set the subparts", "a part would hold itself");
    if (this.#tree.depth + inner.height > MAX_DEPTH) {
      throw refused("set the subparts", `more than ${MAX_DEPTH} would be in one another`);
    }
  }

  #setContent(pointer: NonNullPointer, part: PartCopy): void {
    const { data, file, reader, subparts } = part;
    const { curl_mime_subparts } = library().symbols;
    if (reader) {
      const added = new Reader(reader, this.#tree);
      this.#tree.addReader(added.token);
      this.#readers.push({ part: pointer, reader: added, tree: this.#tree });
      setReader(pointer, added);
    } else if (subparts) {
      checkSetopt("the subparts", curl_mime_subparts(pointer, subparts.#tree.pointer));
      this.#tree.adopt(subparts.#tree);
      this.#subparts.push(subparts);
    } else if (file !== undefined) {
      const { filename, late } = part;
      const place = { part: pointer, tree: this.#tree, file, filename, late, reader: null };
      setFileContent(place);
      this.#files.push(place);
    } else setData(pointer, data ?? new Uint8Array());
  }

  /**
   * Closes the handle: `curl_mime_free`. The tree is freed at once, or when it is no longer the
   * value of MIMEPOST, or with the tree that it is part of. Does nothing the second time.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#closed = true;
    unclosed.delete(this);
    if (!this.#tree.parent) this.#tree.release();
  }

  /** Closes the handle at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Prepares the files that {@linkcode addLatePart} has added for a transfer. */
export function refreshFiles(mime: Mime): void {
  for (const place of filePlacesOf(mime)) if (place.late) refreshFile(place);
}

const { HTTPPOST, MIMEPOST } = easyOptions;

/**
 * Sets MIMEPOST of an easy handle that no transfer uses. `owner`: the option whose value the tree
 * is, HTTPPOST for a form.
 */
export function setMime(state: EasyState, value: unknown, owner: number = MIMEPOST.id): void {
  const tree = openTree(value);
  if (value !== null && tree === null) throw badValue("MIMEPOST", "an open Mime or null", value);
  if (tree) refuseUsedTree(tree, state);
  const { curl_easy_setopt } = library().symbols;
  const code = curl_easy_setopt.pointer(state.pointer, MIMEPOST.id, tree?.pointer ?? null);
  checkSetopt("MIMEPOST", code);
  // libcurl has let go of the tree before
  for (const { id } of [MIMEPOST, HTTPPOST]) {
    if (state.settings.uses.delete(id)) state.own(id, null);
  }
  state.resources.currentMime = null;
  if (!tree) return;
  state.settings.uses.set(owner, value);
  state.resources.everHadMime = true;
  state.own(owner, tree.attach(state));
}

/** Throws for a tree in use elsewhere. libcurl checks that too, but frees the old tree first. */
function refuseUsedTree(tree: MimeTree, state: EasyState): void {
  if (tree.parent) throw refused("set MIMEPOST", "the Mime is part of another");
  const { easyToken } = tree;
  if (easyToken !== 0 && easyToken !== state.resources.token) {
    throw refused("set MIMEPOST", "the Mime is in use by another easy handle");
  }
  if (tree.sent && easyToken === 0) throw refused("set MIMEPOST", SENT);
}

// libcurl rewinds a tree only on the handle that has sent it: on another handle it would send
// nothing
const SENT = "the Mime was sent already, and let go of since";

function refused(what: string, why: string): CurlEasyError {
  return new CurlEasyError(Code.BAD_FUNCTION_ARGUMENT, `Cannot ${what}: ${why}`);
}

/** A copy of a part, checked, which later code of the user cannot change, except by the reader. */
interface PartCopy extends Attributes {
  readonly data: Uint8Array<ArrayBuffer> | undefined;
  readonly file: CText | undefined;
  readonly reader: ReaderSource | undefined;
  readonly subparts: Mime | undefined;
  /** Whether the file need not exist yet. */
  readonly late: boolean;
}

/** Reads each member of a part once: a getter may return another value later, or close the Mime. */
function readPart(given: MimePart, late: boolean): PartCopy {
  if (typeof given !== "object" || given === null) throw badValue("the part", "an object", given);
  for (const property of Object.keys(given)) {
    if (!PROPERTIES.has(property)) throw refused("add the part", `it has no "${property}"`);
  }
  const [data, file, reader, subparts] = CONTENTS.map((content) => member(given, content)) as [
    ...unknown[],
  ];
  if ([data, file, reader, subparts].filter((content) => content !== undefined).length > 1) {
    throw refused("add the part", `it may have one of ${CONTENTS.join(", ")}`);
  }
  const filename = member(given, "filename"), headers = member(given, "headers");
  const line = (name: "name" | "type" | "encoder") => {
    const value = member(given, name);
    return value === undefined ? undefined : oneLine(`the part's ${name}`, value);
  };
  return {
    name: line("name"),
    data: data === undefined ? undefined : dataBytes(data),
    // without `filename` the name of the file is sent, so it must not have line breaks
    file: file === undefined
      ? undefined
      : (filename === undefined ? oneLine : text)("the part's file", file),
    reader: reader === undefined ? undefined : readReader(reader),
    subparts: subparts as Mime | undefined,
    filename: filename === undefined || filename === null
      ? filename
      : oneLine("the part's filename", filename),
    type: line("type"),
    encoder: line("encoder"),
    headers: headers === undefined ? undefined : lines("the part's headers", headers),
    late,
  };
}

/**
 * Checks the file and the encoder by setting them on a part of a temporary tree: only libcurl can
 * check them, and a part cannot be removed from a tree.
 */
function checkByLibcurl({ file: given, encoder, late }: PartCopy): void {
  const file = late ? undefined : given;
  if (file === undefined && encoder === undefined) return;
  const { curl_mime_init, curl_mime_addpart, curl_mime_free } = library().symbols;
  const mime = curl_mime_init(null), part = mime && curl_mime_addpart(mime);
  try {
    if (part === null) throw new CurlEasyError(Code.OUT_OF_MEMORY, "Cannot add the part");
    if (file !== undefined) setFile(part, file);
    if (encoder !== undefined) setText(part, "encoder", encoder);
  } finally {
    curl_mime_free(mime);
  }
}

function dataBytes(data: unknown): Uint8Array<ArrayBuffer> {
  return typeof data === "string" ? utf8(data) : bytes("the part's data", data).slice();
}
