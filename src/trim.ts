/**
 * Removes characters from the ends of a text.
 *
 * @module
 */

/**
 * A text without the characters of `blanks` at its end. A regular expression such as `/ +$/` would
 * try each position of each run inside of the text, which is quadratic in the length of a run.
 */
export function trimmedEnd(text: string, blanks: string): string {
  let end = text.length;
  while (end > 0 && blanks.includes(text.charAt(end - 1))) end--;
  return end === text.length ? text : text.slice(0, end);
}

/** A text without the characters of `blanks` at both ends. */
export function trimmed(text: string, blanks: string): string {
  let start = 0;
  while (start < text.length && blanks.includes(text.charAt(start))) start++;
  return trimmedEnd(start === 0 ? text : text.slice(start), blanks);
}
