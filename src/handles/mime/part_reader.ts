/**
 * The table of what gives the bytes of MIME parts, and the native functions of
 * `curl_mime_data_cb`.
 *
 * libcurl has a token for each such part, and no native free function: curlew frees the trees
 * itself and knows when a reader ends, so freeing a tree runs no callback.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { library, native, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { checkSetopt } from "../base/check_setopt.ts";
import { nativeCallback } from "../base/native_callback.ts";
import { TokenTable } from "../base/tokens.ts";
import { type EasyFace, type EasyState, easyTokens } from "../core/easy_state.ts";

/** The easy handle that sends a part, as its token; 0 where there is none. */
export interface ReaderHost {
  readonly easyToken: number;
}

/** What gives the bytes of one part of one tree. */
export interface PartReader {
  readonly token: number;
  readonly host: ReaderHost;
  /** The announced size, -1 where it is unknown. */
  readonly size: number | bigint;
  readonly canSeek: boolean;
  /** Gives bytes at the address `target`; the result is that of a READFUNCTION. */
  fill(state: EasyState, easy: EasyFace, target: NonNullPointer, room: number): number;
  /** Seeks to an offset; the result is that of a SEEKFUNCTION. */
  seek(offset: number, origin: number): number;
  /** A reader of the same bytes from the start, for another tree or for an unread part. */
  renewed(host: ReaderHost): PartReader;
  /** Records that libcurl no longer uses the reader. */
  end(): void;
}

/** A `WeakRef` for a reader that refers to objects of the user, which must stay collectable. */
interface Ref {
  deref(): PartReader | undefined;
}

/** The readers, by token. */
export const readerTokens: TokenTable<Ref> = new TokenTable();

/** How many parts with a reader are alive on this thread. */
export function readerCount(): number {
  return readerTokens.size;
}

/** Ends a reader and frees its token. */
export function endReader(token: number): void {
  readerTokens.get(token)?.deref()?.end();
  readerTokens.release(token);
}

const { CURL_READFUNC_ABORT, CURL_READFUNC_PAUSE, CURL_SEEKFUNC_CANTSEEK, CURL_SEEKFUNC_FAIL } =
  flags;

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
function readerFunctions(): Functions {
  if (functions) return functions;
  functions = {
    read: nativeCallback(READ, CURL_READFUNC_ABORT, onRead),
    seek: nativeCallback(SEEK, CURL_SEEKFUNC_FAIL, onSeek),
  };
  return functions;
}

/** Sets the reader of a part, which libcurl takes for unread from now on. */
export function setReader(part: NonNullPointer, { token, size, canSeek }: PartReader): void {
  const { curl_mime_data_cb } = library().symbols;
  const { read, seek } = readerFunctions(), arg = native.pointer(token);
  const code = curl_mime_data_cb(part, size, read, canSeek ? seek : null, null, arg);
  checkSetopt("the part's reader", code);
}

interface Found {
  readonly reader: PartReader;
  readonly state: EasyState;
  readonly easy: EasyFace;
}

function find(token: number): Found | null {
  const reader = readerTokens.get(token)?.deref();
  const state = reader && easyTokens.get(reader.host.easyToken);
  return reader && state?.easy ? { reader, state, easy: state.easy } : null;
}

function onRead(ptr: Pointer, size: number, nmemb: number, token: number): number {
  const found = find(token);
  if (!found) return CURL_READFUNC_ABORT;
  const { reader, state, easy } = found;
  const length = reader.fill(state, easy, ptr as NonNullPointer, size * nmemb);
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
