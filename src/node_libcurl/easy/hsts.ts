/**
 * HSTSREADFUNCTION and HSTSWRITEFUNCTION, with entries in node-libcurl's form.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Fifo } from "../../fifo.ts";
import type { HstsEntry } from "../../handles/callbacks/structs.ts";
import { CurlHstsCallback } from "../enums/callbacks.ts";
import type { CurlHstsCacheCount, CurlHstsCacheEntry } from "../types/values.ts";
import type { AnyFunction, Inner } from "./inner.ts";

/** The longest host name: every libcurl has room for 255 bytes, and no DNS name is longer. */
const MAX_HOST_BYTES = 255;
/**
 * The date of an entry without one: libcurl before 7.80 takes an absent date for an expired one.
 */
const NEVER = "30001231 23:59:59";
/** What libcurl writes for an entry that never expires. */
const UNLIMITED = "unlimited";

/**
 * Fills the next entry, from the array that the function has returned or by calling the function.
 */
export function readHsts(inner: Inner, entry: HstsEntry): number {
  if (inner.hstsEntries === null) {
    const fn = inner.functions.get("HSTSREADFUNCTION") as AnyFunction;
    const given = inner.call(fn, { maxHostLengthBytes: MAX_HOST_BYTES });
    if (given === null) return CurlHstsCallback.Done;
    if (!Array.isArray(given)) {
      fill(entry, given);
      return CurlHstsCallback.Ok;
    }
    inner.hstsEntries = new Fifo(given.slice());
  }
  const next = inner.hstsEntries.shift();
  if (next === undefined) {
    inner.hstsEntries = null;
    return CurlHstsCallback.Done;
  }
  try {
    fill(entry, next);
  } catch (error) {
    inner.hstsEntries = null; // the next transfer calls the function again
    throw error;
  }
  return CurlHstsCallback.Ok;
}

function fill(entry: HstsEntry, given: unknown): void {
  const { host, includeSubDomains, expire } = checked(given);
  entry.name = host;
  entry.includeSubDomains = includeSubDomains ?? false;
  entry.expire = expire ?? NEVER;
}

function checked(given: unknown): CurlHstsCacheEntry {
  const { host, includeSubDomains, expire } = Object(given) as Record<string, unknown>;
  const fits = typeof host === "string" && host !== "" &&
    (includeSubDomains ?? false) === Boolean(includeSubDomains) &&
    (expire === undefined || expire === null || isDate(expire));
  if (!fits) {
    throw new TypeError(
      "The HSTSREADFUNCTION returned no entry: expected null, an array of entries, or one as in " +
        '{ host: "example.com", includeSubDomains: true, expire: "20350101 00:00:00" }',
    );
  }
  if (Buffer.byteLength(host as string) > MAX_HOST_BYTES) {
    throw new RangeError(
      `The host of an HSTS entry is longer than ${MAX_HOST_BYTES} bytes: ${host}`,
    );
  }
  return { host, includeSubDomains, expire } as CurlHstsCacheEntry;
}

const isDate = (text: unknown) => typeof text === "string" && /^\d{8} \d\d:\d\d:\d\d$/.test(text);

/** Calls the HSTSWRITEFUNCTION with an entry. */
export function writeHsts(
  { name, includeSubDomains, expire }: HstsEntry,
  { index, total }: { readonly index: number; readonly total: number },
  call: (entry: CurlHstsCacheEntry, count: CurlHstsCacheCount) => number,
): number {
  const expires = expire === "" || expire === NEVER || expire === UNLIMITED ? null : expire;
  return call({ host: name, includeSubDomains, expire: expires }, { index, count: total, total });
}
