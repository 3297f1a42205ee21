/**
 * The errors of `fetch` and the other calls: a `TypeError` whose `cause` is the `CurlEasyError`.
 * Neither its message nor that of its cause contains credentials. A value that the user's code has
 * thrown becomes the `cause` unchanged; no function of this module reads it in a way that may
 * throw.
 *
 * @module
 */

import {
  Code,
  CurlEasyError,
  CurlError,
  easyCodeOf,
  isEasyError,
  showCaller,
  withoutCredentials,
} from "../errors.ts";
import { isInstance, messageOf, propertyOf, textOf } from "../untrusted.ts";
import { remedyFor } from "./remedies.ts";

/** The errors that this module has made, as opposed to those of users. */
const made = new WeakSet<TypeError>();

/** A `TypeError` of curlew's own. It says "fetch"; {@linkcode errorOfCall} puts in the call's name. */
export function typeError(message: string, options?: ErrorOptions): TypeError {
  const error = new TypeError(message, options);
  made.add(error);
  return error;
}

/**
 * The error that `call` rejects with. An error of this module gets the name of the call in its
 * message, and the stack of the code that awaits `call`. To be called inside `call`, after an
 * `await`.
 */
export function errorOfCall(error: unknown, call: (...args: never[]) => unknown): unknown {
  if (!isTypeError(error) || !made.has(error)) return error;
  error.message = error.message.replace(/^(Cannot|Failed to) fetch\b/, `$1 ${call.name}`);
  showCaller(error, call);
  return error;
}

/** The error of a request that could not be made, or whose response cannot be returned. */
export function fetchError(error: unknown, url: string): TypeError {
  const cause = publicCause(error);
  return typeError(`Cannot fetch ${publicUrl(url)}: ${reasonOf(cause)}`, { cause });
}

/**
 * The error of a transfer that failed. It begins with Chrome's "Failed to fetch", since client
 * libraries decide by the messages of browsers whether to retry.
 */
export function transferError(error: unknown, url: string): TypeError {
  const cause = publicCause(error);
  return typeError(`Failed to fetch (${publicUrl(url)}: ${reasonOf(cause)})`, { cause });
}

/** Whether an error is a `TypeError`, which is not wrapped in another one. */
export const isTypeError = (error: unknown): error is TypeError => isInstance(error, TypeError);

/** Any error as a `TypeError`: one that curlew threw in a callback unchanged, else a new one. */
export function asTypeError(error: unknown, url: URL): TypeError {
  if (isTypeError(error)) return error;
  const inner = isEasyError(error) ? propertyOf(error, "cause") : undefined;
  return isTypeError(inner) ? inner : fetchError(error, url.href);
}

function reasonOf(cause: unknown): string {
  if (cause === undefined || cause === null || cause === "") return "no reason was given";
  if (!isInstance(cause, CurlError)) return withoutCredentials(textOf(cause));
  const message = messageOf(cause), name = textOf(propertyOf(cause, "codeName"));
  return withoutCredentials(`${message}, ${name}`) + remedyFor(name, message);
}

/** The innermost `CurlEasyError` of an error. */
export function publicCause(error: unknown): unknown {
  if (!isEasyError(error)) return error;
  const cause = propertyOf(error, "cause");
  // an error that curlew threw in a callback; the outer error only says that a callback failed
  return isEasyError(cause) ? cause : error;
}

/** A network error of the fetch standard. */
export function networkError(url: string, why: string, options?: ErrorOptions): TypeError {
  return typeError(`Cannot fetch ${publicUrl(url)}: ${why}`, options);
}

/** A network error for which libcurl has a code, as its cause. */
export function codedError(url: string, why: string, code: number): TypeError {
  return networkError(url, why, { cause: new CurlEasyError(code, why) });
}

/**
 * The error of a response without a complete head. libcurl reports success for a head that is cut
 * off, and for HTTP/0.9 if HTTP09_ALLOWED is set.
 */
export function headError(url: string): TypeError {
  const why = "the response has no complete head of HTTP/1.0 or later";
  return codedError(url, why, Code.WEIRD_SERVER_REPLY);
}

/** The error of a body larger than `maxBodySize`. */
export function tooLargeError(maxBodySize: number): CurlEasyError {
  const text = `The body is larger than maxBodySize, ${maxBodySize} bytes`;
  return new CurlEasyError(Code.FILESIZE_EXCEEDED, text);
}

/** Whether libcurl could not keep the bytes of a paused transfer; before 8.6 it gives no reason. */
export function isOutOfRoom(error: unknown): boolean {
  const code = easyCodeOf(error);
  return code === Code.TOO_LARGE || code === Code.OUT_OF_MEMORY;
}

/** The error of a body whose single piece from the network unpacks to more than `most` bytes. */
export function unpackedTooFarError(most: number): CurlEasyError {
  const mib = most / 1024 / 1024;
  const text = `One piece of the body unpacks to more than ${mib} MiB: set maxBodySize to the ` +
    `size that you accept, or HTTP_CONTENT_DECODING to 0 and unpack them yourself`;
  return new CurlEasyError(Code.TOO_LARGE, text);
}

/** Throws for a status that is not the end of an exchange: 101, or none at all. */
export function checkStatus(status: number, url: string): void {
  if (status >= 200) return;
  throw networkError(url, `a response cannot have the status ${status}`);
}

/** The error of a file that cannot be read or written; a `TypeError` is returned unchanged. */
export function fileError(verb: "read" | "write", path: string, cause: unknown): TypeError {
  if (isTypeError(cause)) return cause;
  return typeError(`Cannot ${verb} ${path}: ${messageOf(cause)}`, { cause });
}

/**
 * Awaits a dynamic import of curlew's own modules. Throws `TypeError` if it fails, as it does when
 * the process has no file descriptor left.
 */
export async function loadModules<T>(modules: Promise<T>): Promise<T> {
  try {
    return await modules;
  } catch (cause) {
    throw typeError(`Cannot load a module of curlew: ${textOf(cause)}`, { cause });
  }
}

/** A URL for error messages: without credentials, query and fragment, which may be secrets. */
export function publicUrl(url: string): string {
  try {
    const bare = new URL(url);
    if (bare.protocol === "data:") return "data:…";
    bare.username = bare.password = "";
    bare.search = bare.hash = "";
    return bare.href;
  } catch {
    return "an invalid URL";
  }
}
