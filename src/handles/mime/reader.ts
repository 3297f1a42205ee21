/**
 * The readers of MIME parts, which produce the bytes of a part: `curl_mime_data_cb`.
 *
 * libcurl has a token for each such part, and no native free function: curlew frees the trees
 * itself and knows when a reader ends, so freeing a tree runs no callback.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import type { NonNullPointer, Pointer } from "../../../ffi/mod.ts";
import { fillFrom } from "../callbacks/bytes.ts";
import { roomOf } from "../base/callback_buffers.ts";
import { nativeCallback } from "../base/native_callback.ts";
import { member } from "../../members.ts";
import { toInt, toStatus } from "../base/callback_results.ts";
import { type EasyFace, type EasyState, easyTokens } from "../core/easy_state.ts";
import { badValue, integer } from "../base/arguments.ts";
// the type of a reader's `easy`: the only import against the order of the folders, and only a type
import type { Easy } from "../easy/easy.ts";
import { TokenTable } from "../base/tokens.ts";

/**
 * Produces the bytes of a part: {@link https://curl.se/libcurl/c/curl_mime_data_cb.html}. Where a
 * function throws, or returns no valid count of bytes, the transfer ends with
 * CURLE_ABORTED_BY_CALLBACK, and the exception is the `cause` of that error.
 *
 * @example
 * ```ts
 * import { Mime, type MimeReader } from "curlew";
 *
 * const bytes = new TextEncoder().encode("one after the other");
 * let at = 0;
 * const reader: MimeReader = {
 *   size: bytes.length,
 *   read(buffer) {
 *     const piece = bytes.subarray(at, at + buffer.length);
 *     buffer.set(piece);
 *     at += piece.length;
 *     return piece.length;
 *   },
 *   seek(offset) {
 *     at = offset;
 *   },
 * };
 * using mime = new Mime().addPart({ name: "text", reader });
 * ```
 */
export interface MimeReader {
  /** The count of all bytes, which `read` must then produce. Without it the size is unknown. */
  readonly size?: number | bigint;
  /**
   * Fills the buffer, which is valid during the call only, and returns how many bytes it wrote,
   * 0 at the end. `CURL_READFUNC_PAUSE` pauses sending until `easy.pause` is called.
   */
  read(buffer: Uint8Array<ArrayBuffer>, easy: Easy): number;
  /**
   * Seeks to an offset, for a redirect or an authentication, and returns a `CURL_SEEKFUNC_*` or
   * nothing. Without `seek` the part can be sent only once.
   */
  seek?(offset: number, origin: number): number | void;
  /** Runs some time after the last tree with this reader was freed. No `read` follows. */
  free?(): void | undefined; // so that an async function is a type error
}

/** The easy handle that sends a part, as its token; 0 where there is none. */
export interface ReaderHost {
  readonly easyToken: number;
}

// weak, since the user's functions may refer to handles that must stay collectable
const tokens = new TokenTable<WeakRef<Reader>>();

/** A copy of a reader's members, checked, with the user's object as their `this`. */
export interface ReaderSource {
  readonly object: MimeReader;
  /** The size for libcurl, -1 where it is unknown. */
  readonly size: number | bigint;
  readonly read: MimeReader["read"];
  readonly seek: MimeReader["seek"];
  readonly free: MimeReader["free"];
}

/** The readers from which bytes were read. */
const startedReaders = new WeakSet<MimeReader>();

/** How many trees each reader is in. */
const useCounts = new WeakMap<MimeReader, number>();

/** How many parts with a reader are alive on this thread. */
export function readerCount(): number {
  return tokens.size;
}

/** A reader of one part of one tree. */
export class Reader {
  readonly token: number = tokens.take();
  readonly source: ReaderSource;
  readonly host: ReaderHost;
  #delivered = 0;
  /** Whether bytes may have been read although libcurl takes the part for unread. */
  #stale: boolean;

  /** Makes a reader of a part. `stale`: the user's object may have been read already. */
  constructor(source: ReaderSource, host: ReaderHost, stale = false) {
    this.source = source;
    this.host = host;
    this.#stale = stale;
    tokens.root(this.token, new WeakRef(this));
    useCounts.set(source.object, (useCounts.get(source.object) ?? 0) + 1);
  }

  /** Reads bytes into the buffer; the result is that of a READFUNCTION. */
  read(buffer: Uint8Array<ArrayBuffer>, easy: EasyFace): number {
    const { object, size, read } = this.source;
    if (this.#stale && startedReaders.has(object)) this.#rewind();
    this.#stale = false;
    startedReaders.add(object);
    const left = size === -1 ? buffer.length : Number(size) - this.#delivered;
    const most = Math.min(left, buffer.length), room = buffer.subarray(0, most);
    const length = toInt(read.call(object, room, easy as Easy), NAME);
    if (length === CURL_READFUNC_PAUSE || length === CURL_READFUNC_ABORT) return length;
    if (length > room.length || (length === 0 && size !== -1 && left > 0)) {
      throw new RangeError(
        `The reader returned ${length}, of the ${size} bytes that it promised it gave ` +
          `${this.#delivered}, ${roomOf(room, most)}`,
      );
    }
    this.#delivered += length;
    return length;
  }

  /** Seeks to an offset; the result is that of a SEEKFUNCTION. */
  seek(offset: number, origin: number): number {
    const { object, seek } = this.source;
    if (!seek) return CURL_SEEKFUNC_CANTSEEK;
    const status = toStatus(seek.call(object, offset, origin), NAME);
    if (status !== 0) return status;
    this.#delivered = offset;
    this.#stale = false;
    return 0;
  }

  #rewind(): void {
    if (this.seek(0, 0) !== 0) throw new RangeError("The reader was read and cannot seek back");
  }

  /** Records that libcurl no longer uses the reader. After the last one `free` is called. */
  end(): void {
    const { object, free } = this.source, left = (useCounts.get(object) ?? 1) - 1;
    useCounts.set(object, left);
    if (left > 0 || !free) return;
    // later, since a handle is being closed now
    queueMicrotask(() => {
      try {
        free.call(object);
      } catch (error) {
        reportError(error);
      }
    });
  }
}

/** Ends a reader and frees its token. */
export function endReader(token: number): void {
  tokens.get(token)?.deref()?.end();
  tokens.release(token);
}

const NAME = "reader";
const { CURL_READFUNC_ABORT, CURL_READFUNC_PAUSE, CURL_SEEKFUNC_CANTSEEK, CURL_SEEKFUNC_FAIL } =
  flags;

/** Reads each member of a reader once. Throws CURLE_BAD_FUNCTION_ARGUMENT for any other value. */
export function readReader(value: unknown): ReaderSource {
  const isObject = typeof value === "object" && value !== null, object = value as MimeReader;
  const read = isObject ? member(object, "read") : undefined;
  const seek = isObject ? member(object, "seek") : undefined;
  const free = isObject ? member(object, "free") : undefined;
  const isFine = typeof read === "function" &&
    [seek, free].every((fn) => fn === undefined || typeof fn === "function");
  if (!isFine) throw badValue("the part's reader", "an object with a read function", value);
  return { object, size: sizeOf(member(object, "size")), read, seek, free };
}

function sizeOf(size: unknown): number | bigint {
  if (size === undefined) return -1;
  const whole = integer("the size of the part's reader", size);
  if (whole < 0) throw badValue("the size of the part's reader", "0 or more", size);
  return whole;
}

// size_t (*)(char *buffer, size_t size, size_t nitems, void *arg)
const READ = { args: ["pointer", "u32", "u32", "u32"], result: "u32" } as const;
// int (*)(void *arg, curl_off_t offset, int origin)
const SEEK = { args: ["u32", "i64", "i32"], result: "i32" } as const;

interface Functions {
  readonly read: NonNullPointer;
  readonly seek: NonNullPointer;
}

let functions: Functions | undefined;

/** The native functions of all readers of this thread, which are never closed. */
export function readerFunctions(): Functions {
  if (functions) return functions;
  functions = {
    read: nativeCallback(READ, CURL_READFUNC_ABORT, onRead),
    seek: nativeCallback(SEEK, CURL_SEEKFUNC_FAIL, onSeek),
  };
  return functions;
}

interface Found {
  readonly reader: Reader;
  readonly state: EasyState;
  readonly easy: EasyFace;
}

function find(token: number): Found | null {
  const reader = tokens.get(token)?.deref();
  const state = reader && easyTokens.get(reader.host.easyToken);
  return reader && state?.easy ? { reader, state, easy: state.easy } : null;
}

function onRead(ptr: Pointer, size: number, nmemb: number, token: number): number {
  const found = find(token);
  if (!found) return CURL_READFUNC_ABORT;
  const { reader, state, easy } = found;
  const length = fillFrom(state, ptr, size * nmemb, NAME, (buffer) => reader.read(buffer, easy));
  if (length === CURL_READFUNC_PAUSE) state.run.readerPaused = true;
  return length;
}

function onSeek(token: number, offset: number, origin: number): number {
  const found = find(token);
  if (!found) return CURL_SEEKFUNC_CANTSEEK;
  const { reader, state } = found;
  state.enterCallback();
  try {
    return reader.seek(offset, origin);
  } catch (error) {
    state.recordThrown(error);
    return CURL_SEEKFUNC_FAIL;
  } finally {
    state.leaveCallback();
  }
}
