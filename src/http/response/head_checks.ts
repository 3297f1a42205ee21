/**
 * Checks for heads that two readers may interpret differently: where a server behind a proxy does
 * so, it could insert a response of its own into another connection's responses. libcurl accepts
 * such heads.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { Code, CurlEasyError } from "../../errors.ts";

const NAME = "content-length", COLON = 58, SPACE = 32, TAB = 9, CR = 13, LF = 10;
const ZERO = 48;
/** Numbers of so many digits are below {@linkcode MAX_LENGTH}. */
const SURE_DIGITS = 18;
/** The largest length of libcurl, whose type is `curl_off_t`. */
const MAX_LENGTH = 2n ** 63n - 1n;

function weird(why: string): CurlEasyError {
  return new CurlEasyError(Code.WEIRD_SERVER_REPLY, why);
}

/** The error of a CR that is not the end of its line. */
export const loneCr = (): CurlEasyError => weird("The head has a CR without LF in it");

/**
 * Checks the values of Content-Length in a head: each must be a number that libcurl can count to,
 * and all must be the same. libcurl reads the digits that a value begins with, so "1e3" would cut
 * the body to one byte.
 */
export class LengthCheck {
  /**
   * The offset of the first such field in the head; 0 for none, since a head begins with a status
   * line.
   */
  #start = 0;
  #end = 0;
  /** The length in the head, `null` if there is none; exact only up to 2^53. */
  length: number | null = null;

  /** Drops the lengths, because another head begins. */
  reset(): void {
    this.#start = this.#end = 0;
    this.length = null;
  }

  /** Checks one line. Throws `CurlEasyError` if the lengths contradict each other. */
  add(bytes: Buffer, start: number, end: number): void {
    const first = bytes[start] as number;
    if ((first | 0x20) === 0x63) {
      if (isLength(bytes, start, end)) this.#addLength(bytes, start, end);
    } else if ((first === SPACE || first === TAB) && this.#start > 0 && this.#end === start) {
      throw weird("The Content-Length is folded");
    }
  }

  #addLength(bytes: Buffer, start: number, end: number): void {
    if (bytes[start + NAME.length] !== COLON) {
      throw weird("There is a space behind the name Content-Length");
    }
    const isFirst = this.#start === 0;
    if (isFirst) this.#start = start;
    this.#end = end;
    if (isFirst) this.length = numberIn(bytes, start + NAME.length + 1, end);
    if (isFirst && this.length !== null) return;
    const values = [...valuesIn(bytes, this.#start), ...valuesIn(bytes, start)];
    const other = values.find((value) => value !== values[0]);
    if (other !== undefined) {
      throw weird(`The response has the lengths ${values.map((value) => `"${value}"`).join(", ")}`);
    }
    const [value = ""] = values;
    if (!/^\d+$/.test(value) || BigInt(value) > MAX_LENGTH) {
      throw weird(`The response has the Content-Length "${value}", which is no length`);
    }
  }
}

/** A value of at most {@linkcode SURE_DIGITS} digits, with spaces around them; else `null`. */
function numberIn(bytes: Uint8Array, start: number, end: number): number | null {
  // a loop: for a line of a few bytes a call into the runtime takes longer
  let from = start, to = end, number = 0;
  while (from < to && (bytes[from] === SPACE || bytes[from] === TAB)) from++;
  if (bytes[to - 1] === LF) to--;
  if (bytes[to - 1] === CR) to--;
  while (from < to && (bytes[to - 1] === SPACE || bytes[to - 1] === TAB)) to--;
  if (to === from || to - from > SURE_DIGITS) return null;
  for (let i = from; i < to; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return null;
    number = 10 * number + digit;
  }
  return number;
}

/** The values of a field. */
function valuesIn(bytes: Buffer, start: number): string[] {
  const end = bytes.indexOf(LF, start);
  return bytes.toString("latin1", start + NAME.length + 1, end).split(",").map((text) =>
    text.trim()
  );
}

/** Whether a line is a Content-Length: the name in any letter case, then a colon or a space. */
function isLength(bytes: Uint8Array, start: number, end: number): boolean {
  const after = start + NAME.length;
  if (after >= end || (bytes[after] !== COLON && bytes[after] !== SPACE && bytes[after] !== TAB)) {
    return false;
  }
  for (let i = 0; i < NAME.length; i++) {
    if (((bytes[start + i] as number) | 0x20) !== NAME.charCodeAt(i)) return false;
  }
  return true;
}
