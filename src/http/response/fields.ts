/**
 * `FieldList`: the header fields in lines of text.
 *
 * @module
 */

import { trimmed } from "../../trim.ts";
import { checkReturns, LengthCheck } from "./head_checks.ts";

/** A header field as received; several with the same name stay separate. */
export type Field = readonly [name: string, value: string];

/** The ASCII space that is cut off; `trim()` would also cut U+00A0, a byte of "à". */
const BLANKS = "\t\n\v\f\r ";
const SPACE = 32, TAB = 9, LF = 10, CR = 13, LETTER_C = 0x63, LOWER_CASE = 0x20;

/** The fields of a head, or of its trailers. */
export class FieldList {
  /** The fields in the order received. */
  readonly list: Field[] = [];
  readonly #lengths = new LengthCheck();

  /** The Content-Length, `null` if there is none. */
  get bodyLength(): number | null {
    return this.#lengths.length;
  }

  /**
   * Adds the fields in `lines`, from an offset on. Returns whether there is a blank line, which
   * ends a head. Throws `CurlEasyError` if the lines are ambiguous.
   */
  add(lines: string, from: number): boolean {
    checkReturns(lines);
    let isEnd = false;
    for (let start = from; start < lines.length;) {
      let end = lines.indexOf("\n", start);
      if (end < 0) end = lines.length;
      const first = lines.charCodeAt(start);
      if (first === LF || first === CR) isEnd = true;
      else this.#addLine(lines, first, start, end);
      start = end + 1;
    }
    return isEnd;
  }

  #addLine(lines: string, first: number, start: number, end: number): void {
    if (first === SPACE || first === TAB) return this.#unfold(lines, start, end);
    const colon = lines.indexOf(":", start), isField = colon > start && colon < end;
    const name = isField ? nameIn(lines, start, colon) : "";
    const value = isField ? valueIn(lines, colon + 1, end) : "";
    if ((first | LOWER_CASE) === LETTER_C) this.#lengths.add(lines, start, name, value);
    else this.#lengths.isLast = false;
    if (isField) this.list.push([name, value]);
  }

  /** Appends a line that continues the one before it. */
  #unfold(lines: string, start: number, end: number): void {
    this.#lengths.refuseFold();
    const [name, value] = this.list.at(-1) ?? [];
    if (name === undefined) return;
    this.list[this.list.length - 1] = [name, `${value} ${valueIn(lines, start, end)}`];
  }
}

/** A name, before which there is no space, and hardly ever after it. */
function nameIn(text: string, start: number, colon: number): string {
  const isTrimmed = text.charCodeAt(colon - 1) > SPACE && text.charCodeAt(start) > SPACE;
  return isTrimmed ? text.slice(start, colon) : valueIn(text, start, colon);
}

/** A slice without the space around it. */
function valueIn(text: string, from: number, to: number): string {
  let start = from, end = to;
  // nearly all values: no loop and no call, since a short program runs before code is compiled
  if (text.charCodeAt(start) === SPACE) start++;
  if (text.charCodeAt(end - 1) === CR) end--;
  if (text.charCodeAt(start) > SPACE && text.charCodeAt(end - 1) > SPACE && start < end) {
    return text.slice(start, end);
  }
  return trimmed(text.slice(start, end), BLANKS);
}
