/**
 * Subresource integrity: {@link https://www.w3.org/TR/SRI/}.
 *
 * @module
 */

import { trimmedEnd } from "../../trim.ts";
import { base64 } from "../bytes.ts";

const STRENGTH = ["sha256", "sha384", "sha512"];
const ITEM = /^(sha256|sha384|sha512)-([A-Za-z0-9+/_-]+)={0,2}(?:\?.*)?$/;

/** Whether the bytes match the metadata, by the strongest algorithm that it names. */
export async function matchesIntegrity(
  bytes: Uint8Array<ArrayBuffer>,
  metadata: string,
): Promise<boolean> {
  const items = metadata.split(/[\t\n\f\r ]+/).flatMap((item) => {
    const match = ITEM.exec(item);
    return match ? [{ algorithm: match[1] as string, digest: match[2] as string }] : [];
  });
  if (items.length === 0) return true; // no known algorithm: by the standard every content matches
  const rank = (algorithm: string) => STRENGTH.indexOf(algorithm);
  const strongest = items.reduce((a, b) => rank(b.algorithm) > rank(a.algorithm) ? b : a);
  const name = strongest.algorithm.replace("sha", "SHA-");
  const hash = new Uint8Array(await crypto.subtle.digest(name, bytes));
  const actual = trimmedEnd(base64(hash), "="); // padding may be left out
  return items.some(({ algorithm, digest }) =>
    algorithm === strongest.algorithm &&
    digest.replaceAll("-", "+").replaceAll("_", "/") === actual
  );
}
