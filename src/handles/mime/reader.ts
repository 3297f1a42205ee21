/**
 * The readers of MIME parts that are functions of the user.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import type { NonNullPointer } from "../../../ffi/mod.ts";
import { fillFrom } from "../callbacks/bytes.ts";
import { roomOf } from "../base/callback_buffers.ts";
import { member } from "../../members.ts";
import { toInt, toStatus } from "../base/callback_results.ts";
import type { EasyFace, EasyState } from "../core/easy_state.ts";
import { badValue, integer } from "../base/arguments.ts";
// the type of a reader's `easy`: the only import against the order of the folders, and only a type
import type { Easy } from "../easy/easy.ts";
import { type PartReader, type ReaderHost, readerTokens } from "./part_reader.ts";

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

/** A reader of one part of one tree. */
export class Reader implements PartReader {
  readonly token: number = readerTokens.take();
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
    // weak, since the user's functions may refer to handles that must stay collectable
    readerTokens.root(this.token, new WeakRef(this));
    useCounts.set(source.object, (useCounts.get(source.object) ?? 0) + 1);
  }

  get size(): number | bigint {
    return this.source.size;
  }

  get canSeek(): boolean {
    return this.source.seek !== undefined;
  }

  fill(state: EasyState, easy: EasyFace, target: NonNullPointer, room: number): number {
    return fillFrom(state, target, room, NAME, (buffer) => this.#read(buffer, easy));
  }

  /** Reads bytes into the buffer; the result is that of a READFUNCTION. */
  #read(buffer: Uint8Array<ArrayBuffer>, easy: EasyFace): number {
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

  /** A reader of the same object. It seeks to the start itself if bytes were read before. */
  renewed(host: ReaderHost): Reader {
    return new Reader(this.source, host, true);
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

const NAME = "reader";
const { CURL_READFUNC_ABORT, CURL_READFUNC_PAUSE, CURL_SEEKFUNC_CANTSEEK } = flags;

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
