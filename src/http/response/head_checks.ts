/**
 * Checks for heads that two readers may interpret differently: where a server behind a proxy does
 * so, it could insert a response of its own into another connection's responses. libcurl accepts
 * such heads.
 *
 * @module
 */

import { Code, CurlEasyError } from "../../errors.ts";
import { trimmed } from "../../trim.ts";

const NAME = "content-length";
/** Numbers of so many digits are below {@linkcode MAX_LENGTH}. */
const FEW_DIGITS = /^\d{1,18}$/;
/** The largest length of libcurl, whose type is `curl_off_t`. */
const MAX_LENGTH = 2n ** 63n - 1n;
/** A CR that is not the end of its line. */
const LONE_CR = /\r(?!\n)/;
/** The name of a length, with a space before the colon or without a colon. */
const SPACED = /content-length[ \t]/iy;

function weird(why: string): CurlEasyError {
  return new CurlEasyError(Code.WEIRD_SERVER_REPLY, why);
}

/** Throws `CurlEasyError` if a line has a CR before its end. */
export function checkReturns(lines: string): void {
  if (LONE_CR.test(lines)) throw weird("The head has a CR without LF in it");
}

/**
 * Checks the values of Content-Length in a head: each must be a number that libcurl can count to,
 * and all must be the same. libcurl reads the digits that a value begins with, so "1e3" would cut
 * the body to one byte.
 */
export class LengthCheck {
  /** The length in the head, `null` if there is none; exact only up to 2^53. */
  length: number | null = null;
  /** Whether the last line was a length. */
  isLast = false;
  #values: string[] = [];

  /**
   * Checks the line at `start` of `lines`, whose name begins with a "c". Throws `CurlEasyError` if
   * the lengths contradict each other.
   */
  add(lines: string, start: number, name: string, value: string): void {
    this.isLast = name.length === NAME.length && name.toLowerCase() === NAME;
    SPACED.lastIndex = start;
    if (SPACED.test(lines)) throw weird("There is a space behind the name Content-Length");
    if (this.isLast) this.#addLength(value);
  }

  /** Throws `CurlEasyError` if a line continues a length. */
  refuseFold(): void {
    if (this.isLast) throw weird("The Content-Length is folded");
  }

  #addLength(value: string): void {
    const isFirst = this.#values.length === 0, isPlain = FEW_DIGITS.test(value);
    const values = isPlain ? [value] : value.split(",").map((part) => trimmed(part, " \t"));
    if (isFirst && isPlain) this.length = Number(value);
    this.#values.push(...values);
    const all = this.#values, [first = ""] = all;
    if (all.some((other) => other !== first)) {
      throw weird(`The response has the lengths ${all.map((one) => `"${one}"`).join(", ")}`);
    }
    if (isPlain) return;
    if (!/^\d+$/.test(first) || BigInt(first) > MAX_LENGTH) {
      throw weird(`The response has the Content-Length "${first}", which is no length`);
    }
  }
}
