/**
 * The callbacks of an easy handle in node-libcurl's form: `this` is the handle, bytes are a
 * `Buffer` that the user may keep, and the result must be a number.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { readSync } from "node:fs";
import { refusal } from "../../handles/base/callback_results.ts";
import type { EasyCallbacks } from "../../handles/easy/easy.ts";
import { CurlPause, CurlReadFunc } from "../enums/callbacks.ts";
import { numberOf } from "../tables.ts";
import { readHsts, writeHsts } from "./hsts.ts";
import type { AnyFunction, Inner } from "./inner.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** CURL_WRITEFUNC_PAUSE and CURL_READFUNC_PAUSE. */
const PAUSE = CurlReadFunc.Pause, READ_ABORT = CurlReadFunc.Abort;
const SEEK_OK = numberOf("CURL_SEEKFUNC_OK"), CANTSEEK = numberOf("CURL_SEEKFUNC_CANTSEEK");
const TRAILER_ABORT = numberOf("CURL_TRAILERFUNC_ABORT");

/** Converts a result to C's `int`. Throws `TypeError` for a value that is not a number. */
export function toInt(value: unknown, name: string): number {
  if (typeof value === "number") return value | 0;
  throw refusal(value, name, "a number");
}

/** Calls the function of an option with these arguments, and returns its result for C. */
function status(inner: Inner, name: string, ...args: unknown[]): number {
  return toInt(inner.call(inner.functions.get(name) as AnyFunction, ...args), name);
}

/** A view of bytes that are valid until the callback returns. */
const copy = (bytes: Bytes): Buffer => Buffer.from(bytes);

/** A `Buffer` on bytes that are a copy already. */
const view = ({ buffer, byteOffset, length }: Bytes): Buffer =>
  Buffer.from(buffer, byteOffset, length);

function onWrite(inner: Inner, bytes: Bytes): number {
  if (!inner.functions.has("WRITEFUNCTION")) return bytes.length;
  const taken = status(inner, "WRITEFUNCTION", copy(bytes), 1, bytes.length);
  if (taken === PAUSE) inner.pauseFlags |= CurlPause.Recv;
  return taken;
}

function onRead(inner: Inner, buffer: Bytes): number {
  if (!inner.functions.has("READFUNCTION")) return readDescriptor(inner, buffer);
  const given = status(inner, "READFUNCTION", view(buffer), 1, buffer.length);
  if (given < 0) return READ_ABORT;
  if (given === PAUSE) inner.pauseFlags |= CurlPause.Send;
  return given;
}

/** The READFUNCTION that is used while READDATA is set; without it the upload is empty. */
function readDescriptor(inner: Inner, buffer: Bytes): number {
  if (inner.readFd === -1) {
    inner.detail = "There is nothing to upload: set READFUNCTION, READDATA or POSTFIELDS";
    return READ_ABORT;
  }
  try {
    const position = inner.readOffset < 0 ? null : inner.readOffset;
    const length = readSync(inner.readFd, buffer, 0, buffer.length, position);
    if (position !== null) inner.readOffset += length;
    return length;
  } catch (error) {
    inner.detail = `Cannot read from READDATA: ${(error as Error).message}`;
    return READ_ABORT;
  }
}

function onSeek(inner: Inner, offset: number, origin: number): number {
  if (!inner.functions.has("READFUNCTION")) {
    inner.readOffset = offset;
    return SEEK_OK;
  }
  if (!inner.functions.has("SEEKFUNCTION")) return CANTSEEK;
  return status(inner, "SEEKFUNCTION", offset, origin);
}

function onTrailer(inner: Inner, lines: string[]): number {
  const given = inner.call(inner.functions.get("TRAILERFUNCTION") as AnyFunction);
  if (given === false) return TRAILER_ABORT;
  if (!Array.isArray(given)) {
    throw refusal(given, "TRAILERFUNCTION", "an array of strings or false");
  }
  lines.push(...given);
  return 0;
}

/**
 * The core's callback for each option. It calls the function to which the option is set at that
 * time.
 */
const makers: { readonly [N in keyof EasyCallbacks]?: (inner: Inner) => EasyCallbacks[N] } = {
  WRITEFUNCTION: (inner) => (bytes) => onWrite(inner, bytes),
  READFUNCTION: (inner) => (buffer) => onRead(inner, buffer),
  SEEKFUNCTION: (inner) => (_data, offset, origin) => onSeek(inner, offset, origin),
  HEADERFUNCTION: (inner) => (line) => status(inner, "HEADERFUNCTION", copy(line), 1, line.length),
  INTERLEAVEFUNCTION: (inner) => (bytes) =>
    status(inner, "INTERLEAVEFUNCTION", copy(bytes), 1, bytes.length),
  PROGRESSFUNCTION: (inner) => (_data, ...counts) =>
    status(inner, "PROGRESSFUNCTION", ...counts.map(Number)),
  XFERINFOFUNCTION: (inner) => (_data, ...counts) =>
    status(inner, "XFERINFOFUNCTION", ...counts.map(Number)),
  DEBUGFUNCTION: (inner) => (_easy, type, bytes) =>
    status(inner, "DEBUGFUNCTION", type, view(bytes)),
  CHUNK_BGN_FUNCTION: (inner) => ({ flags: _, strings, ...info }, _data, remains) => {
    const texts = Object.entries(strings).map(([name, text]) => [name, text || null]);
    const file = { ...info, time: null, strings: Object.fromEntries(texts) };
    return status(inner, "CHUNK_BGN_FUNCTION", file, remains);
  },
  CHUNK_END_FUNCTION: (inner) => () => status(inner, "CHUNK_END_FUNCTION"),
  FNMATCH_FUNCTION: (inner) => (_data, pattern, name) =>
    status(inner, "FNMATCH_FUNCTION", pattern, name),
  PREREQFUNCTION: (inner) => (_data, ...connection) =>
    status(inner, "PREREQFUNCTION", ...connection),
  SSH_HOSTKEYFUNCTION: (inner) => (_data, keytype, key) =>
    status(inner, "SSH_HOSTKEYFUNCTION", keytype, view(key)),
  TRAILERFUNCTION: (inner) => (lines) => onTrailer(inner, lines),
  HSTSREADFUNCTION: (inner) => (_easy, entry) => readHsts(inner, entry),
  HSTSWRITEFUNCTION: (inner) => (_easy, entry, place) =>
    writeHsts(entry, place, (...args) => status(inner, "HSTSWRITEFUNCTION", ...args)),
};

/** The options whose native callback is always set. */
const ALWAYS = ["WRITEFUNCTION", "READFUNCTION", "SEEKFUNCTION"] as const;

/** Whether node-libcurl has a callback of that name. */
export function isCallback(name: string): name is keyof EasyCallbacks {
  return Object.hasOwn(makers, name);
}

/** Installs the core's callback of an option. Throws as the core's `setOpt` does. */
export function installCallback(inner: Inner, name: keyof EasyCallbacks): void {
  const wanted = inner.functions.has(name) || (ALWAYS as readonly string[]).includes(name);
  inner.core.setOpt(name, wanted ? makers[name]!(inner) as never : null);
}

/** Sets the callbacks of all options on a handle that is new, was reset or is a copy. */
export function installCallbacks(inner: Inner): void {
  for (const name of new Set([...ALWAYS, ...inner.functions.keys()])) {
    installCallback(inner, name as keyof EasyCallbacks);
  }
}
