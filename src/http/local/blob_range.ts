/**
 * The Range header of a `blob:` URL, which has one range:
 * {@link https://fetch.spec.whatwg.org/#simple-range-header-value}.
 *
 * @module
 */

const RANGE = /^bytes[\t ]*=[\t ]*(\d*)[\t ]*-[\t ]*(\d*)$/;

/** The first and the last byte, `null` for a header that is invalid by the standard. */
export function blobRange(header: string, size: number): { first: number; last: number } | null {
  const [, from = "", to = ""] = RANGE.exec(header) ?? [];
  if (from === "" && to === "") return null;
  if (from === "") { // the last `to` bytes
    const first = Math.max(size - Number(to), 0);
    return first < size ? { first, last: size - 1 } : null;
  }
  const first = Number(from), last = to === "" ? Infinity : Number(to);
  return first > last || first >= size ? null : { first, last: Math.min(last, size - 1) };
}
