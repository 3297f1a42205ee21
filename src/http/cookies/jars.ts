/**
 * The share handles of cookie jars: what an option `cookies` stands for. The class `CookieJar`
 * registers each jar here, so that `fetch` need not load the class.
 *
 * @module
 */

import type { Share } from "../../handles/share.ts";

const shares = new WeakMap<object, Share>();

/** Registers the share handle of a new jar. */
export function registerJar(jar: object, share: Share): void {
  shares.set(jar, share);
}

/** What is set by a jar, and so cannot be set beside it. */
const OF_THE_JAR = ["SHARE", "COOKIEFILE", "COOKIEJAR", "COOKIELIST"];

/**
 * Reads the option `cookies`: the share handle of the jar, `null` for no jar. `call` is the name
 * for the error's message. Throws `TypeError` for anything else, and for options of libcurl that a
 * jar sets.
 */
export function readJar(
  jar: object | null | undefined,
  has: (option: string) => boolean,
  call = "fetch",
): Share | null {
  if (jar === undefined || jar === null) return null;
  const share = shares.get(jar);
  if (!share) throw new TypeError(`Cannot ${call}: cookies must be a CookieJar`);
  for (const name of OF_THE_JAR) {
    if (has(name)) {
      throw new TypeError(`Cannot set ${name} for ${call} beside cookies: a jar sets it`);
    }
  }
  return share;
}
