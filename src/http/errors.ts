/**
 * How `fetch` fails: with a `TypeError` whose `cause` says why.
 *
 * @module
 */

import { CurlError } from "../errors.ts";

/** The error of a fetch. The message has no credentials in it. */
export function fetchError(cause: unknown, url: string): TypeError {
  const why = cause instanceof CurlError ? `${cause.message} (${cause.codeName})` : String(cause);
  return new TypeError(`Cannot fetch ${publicUrl(url)}: ${withoutCredentials(why)}`, { cause });
}

/** A network error of the fetch standard itself. */
export function networkError(url: string, why: string): TypeError {
  return new TypeError(`Cannot fetch ${publicUrl(url)}: ${why}`);
}

/** A URL without its credentials, query and fragment, any of which may be a secret. */
export function publicUrl(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return protocol === "data:" ? "data:" : `${protocol}//${host}${pathname}`;
  } catch {
    return "an invalid URL";
  }
}

function withoutCredentials(text: string): string {
  return text.replace(/:\/\/[^/@\s]*@/g, "://");
}
