/**
 * Parts of a MIME tree whose bytes a function gives: `curl_mime_data_cb`.
 *
 * libcurl holds a token for each such part. There is no native free function: the JS side sees
 * each end of a tree itself, so that freeing one never calls back.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import type { NonNullPointer, Pointer } from "../../../ffi/mod.ts";
import { fillFrom } from "../callbacks/bytes.ts";
import { nativeCallback } from "../base/native_callback.ts";
import { member } from "../../members.ts";
import { toInt, toStatus } from "../base/callback_results.ts";
import { type EasyFace, type EasyState, easyTokens } from "../core/easy_state.ts";
import { badValue, integer } from "../base/arguments.ts";
// the public type of a reader's `easy`: the one import of the house that goes up, of a type alone
import type { Easy } from "../easy/easy.ts";
import { TokenTable } from "../base/tokens.ts";

/**
 * What gives a part its bytes: {@link https://curl.se/libcurl/c/curl_mime_data_cb.html}. Where it
 * throws, or gives something that is no number of bytes, the transfer ends with
 * CURLE_ABORTED_BY_CALLBACK and that as the `cause`.
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
  /** How many bytes it gives in all, which it must then keep to; without it nobody knows. */
  readonly size?: number | bigint;
  /**
   * Fills the buffer, which is valid during the call only, and returns how many bytes it wrote,
   * 0 at the end. CURL_READFUNC_PAUSE waits until somebody calls `easy.pause`.
   */
  read(buffer: Uint8Array<ArrayBuffer>, easy: Easy): number;
  /**
   * Goes to that offset, for a redirect or an authentication, and returns a `CURL_SEEKFUNC_*` or
   * nothing. Without it the part can be sent once.
   */
  seek?(offset: number, origin: number): number | void;
  /** Nothing will read it any more. Called some time after the last tree with it is freed. */
  free?(): void;
}

/** The one that a part's reader is for, as a token: 0 where no transfer can run. */
export interface ReaderHost {
  readonly easyToken: number;
}

// weak: the user's functions may refer to handles that are to be collected when forgotten
const tokens = new TokenTable<WeakRef<Reader>>();

/** A reader as it was read: its functions, and the user's object that they belong to. */
export interface ReaderSource {
  readonly of: MimeReader;
  /** The size for libcurl, -1 for unknown. */
  readonly size: number | bigint;
  readonly read: MimeReader["read"];
  readonly seek: MimeReader["seek"];
  readonly free: MimeReader["free"];
}

/** Those that were read from. */
const begun = new WeakSet<MimeReader>();

/** How many trees each reader is in. */
const uses = new WeakMap<MimeReader, number>();

/** How many parts with a reader are alive on this thread. */
export function readerCount(): number {
  return tokens.size;
}

/** A reader in one place of one tree. */
export class Reader {
  readonly token: number = tokens.take();
  readonly source: ReaderSource;
  readonly host: ReaderHost;
  #given = 0;
  /** Whether it may stand in the middle although libcurl takes it for new. */
  #stale: boolean;

  /** Makes a place for a checked reader; `stale` where it may have been read already. */
  constructor(source: ReaderSource, host: ReaderHost, stale = false) {
    this.source = source;
    this.host = host;
    this.#stale = stale;
    tokens.root(this.token, new WeakRef(this));
    uses.set(source.of, (uses.get(source.of) ?? 0) + 1);
  }

  /** Gives up to as many bytes as the buffer has. */
  read(buffer: Uint8Array<ArrayBuffer>, easy: EasyFace): number {
    const { of, size, read } = this.source;
    if (this.#stale && begun.has(of)) this.#rewind();
    this.#stale = false;
    begun.add(of);
    const left = size === -1 ? buffer.length : Number(size) - this.#given;
    const room = buffer.subarray(0, Math.min(left, buffer.length));
    const length = toInt(read.call(of, room, easy as Easy), NAME);
    if (length === CURL_READFUNC_PAUSE || length === CURL_READFUNC_ABORT) return length;
    if (length > room.length || (length === 0 && size !== -1 && left > 0)) {
      throw new RangeError(
        `The reader returned ${length}, of the ${size} bytes that it promised it gave ` +
          `${this.#given}, its buffer has ${room.length}`,
      );
    }
    this.#given += length;
    return length;
  }

  /** Goes to an offset. */
  seek(offset: number, origin: number): number {
    const { of, seek } = this.source;
    if (!seek) return CURL_SEEKFUNC_CANTSEEK;
    const status = toStatus(seek.call(of, offset, origin), NAME);
    if (status !== 0) return status;
    this.#given = offset;
    this.#stale = false;
    return 0;
  }

  #rewind(): void {
    if (this.seek(0, 0) !== 0) throw new RangeError("The reader was read and cannot seek back");
  }

  /** libcurl has forgotten it. */
  end(): void {
    const { of, free } = this.source, left = (uses.get(of) ?? 1) - 1;
    uses.set(of, left);
    if (left > 0 || !free) return;
    // later, since a handle is in the middle of its end now
    queueMicrotask(() => {
      try {
        free.call(of);
      } catch (error) {
        reportError(error);
      }
    });
  }
}

/** Forgets a token and what it led to. */
export function endReader(token: number): void {
  tokens.get(token)?.deref()?.end();
  tokens.release(token);
}

const NAME = "reader";
const { CURL_READFUNC_ABORT, CURL_READFUNC_PAUSE, CURL_SEEKFUNC_CANTSEEK, CURL_SEEKFUNC_FAIL } =
  flags;

/** Reads each member of a reader once. Throws CURLE_BAD_FUNCTION_ARGUMENT for what is none. */
export function readReader(value: unknown): ReaderSource {
  const isObject = typeof value === "object" && value !== null, of = value as MimeReader;
  const read = isObject ? member(of, "read") : undefined;
  const seek = isObject ? member(of, "seek") : undefined;
  const free = isObject ? member(of, "free") : undefined;
  const isFine = typeof read === "function" &&
    [seek, free].every((fn) => fn === undefined || typeof fn === "function");
  if (!isFine) throw badValue("the part's reader", "an object with a read function", value);
  return { of, size: sizeOf(member(of, "size")), read, seek, free };
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

let made: Functions | undefined;

/** The native functions of all readers of this thread, which are never closed. */
export function readerFunctions(): Functions {
  if (made) return made;
  made = {
    read: nativeCallback(READ, CURL_READFUNC_ABORT, onRead),
    seek: nativeCallback(SEEK, CURL_SEEKFUNC_FAIL, onSeek),
  };
  return made;
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
  state.enter();
  try {
    return reader.seek(offset, origin);
  } catch (error) {
    state.threw(error);
    return CURL_SEEKFUNC_FAIL;
  } finally {
    state.leave();
  }
}
