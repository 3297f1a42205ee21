/**
 * `Easy.setOpt`: options by any name and with any value that node-libcurl takes.
 *
 * @module
 */

import type { EasyOptionName } from "../../handles/easy/easy.ts";
import { oddities } from "../../libcurl_versions.ts";
import { CurlCode } from "../enums/codes.ts";
import { CurlEasyError } from "../errors.ts";
import { CurlMime } from "../mime/mime.ts";
import { coreShareOf, Share } from "../share.ts";
import { easyOption, type NamedOption } from "../tables.ts";
import { installCallback, isCallback } from "./callbacks.ts";
import { codeOf } from "./codes.ts";
import { readForm } from "./form.ts";
import { type AnyFunction, type Inner, innerOf } from "./inner.ts";
import { isInstance } from "../../untrusted.ts";

/** The options that node-libcurl does not have, apart from those for the data of callbacks. */
const NOT_OFFERED: ReadonlySet<string> = new Set([
  ...["CONV_FROM_NETWORK_FUNCTION", "CONV_FROM_UTF8_FUNCTION", "CONV_TO_NETWORK_FUNCTION"],
  ...["OPENSOCKETFUNCTION", "CLOSESOCKETFUNCTION", "SOCKOPTFUNCTION", "RESOLVER_START_FUNCTION"],
  ...["SSL_CTX_FUNCTION", "SSH_KEYFUNCTION", "IOCTLFUNCTION"],
  ...["COPYPOSTFIELDS", "CURLU", "ERRORBUFFER", "PRIVATE", "STDERR"],
]);

/** Sets an option. Returns libcurl's code for a value; throws for a wrong type. */
export function setOption(inner: Inner, which: unknown, value: unknown): CurlCode {
  const option = easyOption(which);
  if (!option) return setUnknown(inner, which, value);
  const { name, kind } = option;
  if (NOT_OFFERED.has(name) || (kind === "cbptr" && name !== "READDATA")) throw notOffered(name);
  switch (kind) {
    case "cbptr":
      inner.readFd = Number(value ?? -1) | 0;
      inner.readOffset = -1;
      return CurlCode.CURLE_OK;
    case "long":
    case "values":
    case "off_t":
      return setNumber(inner, option, value);
    case "function":
      return setFunction(inner, name, value);
    case "object":
      return setObject(inner, name, value);
    default:
      return set(inner, name, readValue(option, value));
  }
}

function set(inner: Inner, name: string, value: unknown): CurlCode {
  return codeOf(inner, () => inner.core.setOpt(name as EasyOptionName, value as never));
}

/** Sets an option that is newer than the tables; libcurl knows its type. */
function setUnknown(inner: Inner, which: unknown, value: unknown): CurlCode {
  if (typeof which === "string") return set(inner, which.toUpperCase(), value);
  return codeOf(inner, () => inner.core.setOpt(which as number, value));
}

function notOffered(name: string): CurlEasyError {
  return new CurlEasyError(
    `Unsupported option ${name}: node-libcurl's interface does not have it, curlew's Easy does`,
    CurlCode.CURLE_UNKNOWN_OPTION,
  );
}

const wrongType = (name: string, expected: string) =>
  new TypeError(`Cannot set ${name}: expected ${expected} or null`);

/** Reads a string, a list or bytes. */
function readValue({ name, kind }: NamedOption, value: unknown): unknown {
  if (value === null) return null;
  if (kind === "string") {
    if (typeof value !== "string") throw wrongType(name, "a string");
    return value;
  }
  if (kind === "slist") {
    if (!Array.isArray(value) || value.some((line) => typeof line !== "string")) {
      throw wrongType(name, "an array of strings");
    }
    return value;
  }
  if (typeof value === "string") return new TextEncoder().encode(value);
  if (isInstance(value, ArrayBuffer) || ArrayBuffer.isView(value)) return value;
  throw wrongType(name, "a Buffer, a string");
}

const MIB = 1024 * 1024;

/** The largest BUFFERSIZE that the loaded libcurl takes, in bytes. */
export function largestBuffer(): number {
  return oddities().hasSmallBuffers ? MIB / 2 : 10 * MIB;
}

function setNumber(inner: Inner, { name }: NamedOption, value: unknown): CurlCode {
  const number = toNumber(value);
  if (number === null) {
    const code = set(inner, name, null);
    // an option whose default differs between versions
    return code === CurlCode.CURLE_BAD_FUNCTION_ARGUMENT ? set(inner, name, 0) : code;
  }
  if (name === "BUFFERSIZE") {
    const most = largestBuffer();
    if (!(number >= 1024 && number <= most)) {
      throw new RangeError(`Cannot set BUFFERSIZE: expected 1024 to ${most} bytes, got ${number}`);
    }
  }
  return set(inner, name, number);
}

function setPostFields(inner: Inner, value: unknown): CurlCode {
  if (value !== null && typeof value !== "string" && !ArrayBuffer.isView(value)) {
    throw wrongType("POSTFIELDS", "a string, a Buffer");
  }
  return set(inner, "POSTFIELDS", value);
}

/**
 * Converts a value as node-libcurl does: fractions are cut off, a numeric string becomes a number.
 */
function toNumber(value: unknown): number | bigint | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "bigint") return BigInt.asIntN(53, value) === value ? Number(value) : value;
  const number = typeof value === "string" && value.trim() === "" ? NaN : Number(value);
  return typeof value === "object" ? NaN : Math.trunc(number);
}

function setFunction(inner: Inner, name: string, value: unknown): CurlCode {
  if (value !== null && typeof value !== "function") throw wrongType(name, "a function");
  if (!isCallback(name)) return set(inner, name, value);
  const { functions } = inner, old = functions.get(name);
  replace(functions, name, value as AnyFunction | null);
  const code = codeOf(inner, () => installCallback(inner, name));
  if (code !== CurlCode.CURLE_OK) replace(functions, name, old ?? null);
  return code;
}

function replace(functions: Map<string, AnyFunction>, name: string, fn: AnyFunction | null): void {
  if (fn === null) functions.delete(name);
  else functions.set(name, fn);
}

function setObject(inner: Inner, name: string, value: unknown): CurlCode {
  switch (name) {
    case "POSTFIELDS":
      return setPostFields(inner, value);
    case "HTTPPOST":
      return set(inner, name, value === null ? null : readForm(value));
    case "MIMEPOST":
      if (value !== null && !isInstance(value, CurlMime)) throw wrongType(name, "a CurlMime");
      return codeOf(inner, () => inner.setMime(value as CurlMime | null));
    case "SHARE":
      return set(inner, name, value === null ? null : readShare(value));
    case "STREAM_DEPENDS":
    case "STREAM_DEPENDS_E": {
      const parent = value === null ? null : innerOf(value)?.core;
      if (parent === undefined) throw wrongType(name, "an Easy");
      return set(inner, name, parent);
    }
  }
  return set(inner, name, value);
}

function readShare(value: unknown): unknown {
  if (!isInstance(value, Share)) throw wrongType("SHARE", "a Share");
  const share = coreShareOf(value);
  if (!share.closed) return share;
  const code = CurlCode.CURLE_BAD_FUNCTION_ARGUMENT;
  throw new CurlEasyError("Cannot set SHARE: the Share is closed", code);
}
