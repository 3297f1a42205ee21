/**
 * How `fetch` fails: with a `TypeError` whose `cause` says why.
 *
 * @module
 */

import { Code, CurlEasyError, CurlError } from "../errors.ts";

/** The error of a fetch. Neither its message nor that of its cause has credentials in it. */
export function fetchError(error: unknown, url: string): TypeError {
  const cause = publicCause(error);
  return new TypeError(`Cannot fetch ${publicUrl(url)}: ${reasonOf(cause)}`, { cause });
}

/**
 * The error of a transfer that failed. Client libraries try again where they know the text of a
 * browser for it: "Failed to fetch (…)" is Chrome's.
 */
export function transferError(error: unknown, url: string): TypeError {
  const cause = publicCause(error);
  return new TypeError(`Failed to fetch (${publicUrl(url)}: ${reasonOf(cause)})`, { cause });
}

/** A `TypeError` that says why: one that a callback of ours threw, or a new one. */
export function asTypeError(error: unknown, url: URL): TypeError {
  if (error instanceof TypeError) return error;
  const inner = error instanceof CurlEasyError ? error.cause : undefined;
  return inner instanceof TypeError ? inner : fetchError(error, url.href);
}

function reasonOf(cause: unknown): string {
  const why = cause instanceof CurlError ? `${cause.message}, ${cause.codeName}` : String(cause);
  return redacted(why);
}

/** What went wrong first, in words for everyone. */
export function publicCause(error: unknown): unknown {
  if (!(error instanceof CurlEasyError)) return error;
  // a callback of ours said why in libcurl's own terms
  if (error.cause instanceof CurlEasyError) return error.cause;
  const message = redacted(error.message);
  if (message === error.message) return error;
  return new CurlEasyError(error.code, message, { cause: error.cause });
}

/** A network error of the fetch standard itself. */
export function networkError(url: string, why: string, options?: ErrorOptions): TypeError {
  return new TypeError(`Cannot fetch ${publicUrl(url)}: ${why}`, options);
}

/** The same where libcurl has a code for it. */
export function codedError(url: string, why: string, code: number): TypeError {
  return networkError(url, why, { cause: new CurlEasyError(code, why) });
}

/** libcurl is content with what there is of a head, and with HTTP/0.9 where that is allowed. */
export function headError(url: string): TypeError {
  const why = "the response is no HTTP/1.0 or later, or its head has no end";
  return codedError(url, why, Code.WEIRD_SERVER_REPLY);
}

/** The error of a body that is larger than `maxBodySize`. */
export function tooLargeError(maxBodySize: number): CurlEasyError {
  const text = `The body is larger than maxBodySize, ${maxBodySize} bytes`;
  return new CurlEasyError(Code.FILESIZE_EXCEEDED, text);
}

/** Throws for a status that no `Response` can have. */
export function checkStatus(status: number, url: string): void {
  if (status >= 200 && status <= 599) return;
  throw networkError(url, `a response cannot have the status ${status}`);
}

/** Whether an error is the reason of the caller's signal, which is passed on as it is. */
export function isAbort(error: unknown, signal: AbortSignal | null): boolean {
  return signal?.aborted === true && error === signal.reason;
}

/** The error for a file that cannot be read or written, whatever the reason. */
export function fileError(verb: "read" | "write", path: string, cause: unknown): TypeError {
  if (cause instanceof TypeError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new TypeError(`Cannot ${verb} ${path}: ${why}`, { cause });
}

/** Loads modules that only some calls need: a `TypeError` where no descriptor is left for that. */
export async function loadModules<T>(modules: Promise<T>): Promise<T> {
  try {
    return await modules;
  } catch (cause) {
    throw new TypeError(`Cannot load a module of curlew: ${cause}`, { cause });
  }
}

/** A URL without its credentials, query and fragment, any of which may be a secret. */
function publicUrl(url: string): string {
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

/**
 * libcurl quotes a proxy as it was given, `'user:pass@host'` or `'http://user:pass@host'`, and
 * most of all one that it cannot read, because of a slash or a space in the password.
 */
function redacted(text: string): string {
  return text.replace(/(\s'(?:\w[\w+.-]*:\/\/)?).*@/gs, "$1")
    .replace(/(:\/\/|')[^/'\s]*@/g, "$1");
}
