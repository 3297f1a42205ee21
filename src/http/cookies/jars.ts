/**
 * The share handles of cookie jars. The class `CookieJar` registers each jar here, so that `fetch`
 * need not load the class.
 *
 * @module
 */

import type { Easy } from "../../handles/easy/easy.ts";
import type { Share } from "../../handles/share.ts";
import { typeError } from "../errors.ts";
import { wrong } from "../shown.ts";

const shares = new WeakMap<object, Share>();

/** Registers the share handle of a new jar. */
export function registerJar(jar: object, share: Share): void {
  shares.set(jar, share);
}

/** The options of libcurl that a jar replaces or that would conflict with it. */
const OF_THE_JAR = ["SHARE", "COOKIEFILE", "COOKIEJAR", "COOKIELIST"];

/**
 * Reads the option `cookies`: the share handle of the jar, `null` for no jar. `call` is the name
 * for the error's message. Throws `TypeError` for anything else, and if `curl` has options that a
 * jar replaces.
 */
export function readJar(
  jar: object | null | undefined,
  curl: ReadonlyMap<string, unknown>,
  call = "fetch",
): Share | null {
  if (jar === undefined || jar === null) return null;
  const share = shares.get(jar);
  if (!share) throw wrong(call, "cookies", "a CookieJar or null", jar);
  const other = OF_THE_JAR.find((name) => curl.has(name));
  if (other === undefined) return share;
  throw typeError(`Cannot ${call}: cookies and the option ${other} of curl exclude each other`);
}

/** Makes a handle send and receive the cookies of a jar. */
export function attachJar(easy: Easy, share: Share): void {
  easy.setOpt("SHARE", share);
  easy.setOpt("COOKIEFILE", ""); // without it libcurl sends cookies, but ignores those of responses
}
