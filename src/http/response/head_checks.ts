/**
 * What makes a head one that two readers may read in two ways: a server behind a proxy that reads it
 * otherwise could put a response of its own behind another's. libcurl lets it pass.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { Code, CurlEasyError } from "../../errors.ts";

const NAME = "content-length", COLON = 58, COMMA = 44, SPACE = 32, TAB = 9, LF = 10;

function weird(why: string): CurlEasyError {
  return new CurlEasyError(Code.WEIRD_SERVER_REPLY, why);
}

/** The error of a CR that is not the end of its line. */
export const loneCr = (): CurlEasyError => weird("The head has a CR without LF in it");

/**
 * Compares the values of Content-Length in a head: there may be several, of one number. What a single
 * one says is libcurl's to judge.
 */
export class LengthCheck {
  /** Where the first such field is among the bytes of the head; 0 for none, as a head begins there. */
  #start = 0;
  #end = 0;

  /** Forgets it: another head begins. */
  reset(): void {
    this.#start = this.#end = 0;
  }

  /** Looks at one line. Throws `CurlEasyError` if the lengths contradict each other. */
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
    if (isFirst && !hasComma(bytes, start, end)) return;
    const values = [...valuesIn(bytes, this.#start), ...valuesIn(bytes, start)];
    const other = values.find((value) => value !== values[0]);
    if (other !== undefined || !/^\d+$/.test(values[0] ?? "")) {
      throw weird(`The response has the lengths ${values.map((value) => `"${value}"`).join(", ")}`);
    }
  }
}

/** A loop, since a line of a few bytes is not worth a call of the runtime's. */
function hasComma(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === COMMA) return true;
  return false;
}

/** The values of a field. */
function valuesIn(bytes: Buffer, start: number): string[] {
  const end = bytes.indexOf(LF, start);
  return bytes.toString("latin1", start + NAME.length + 1, end).split(",").map((text) =>
    text.trim()
  );
}

/** Whether a line begins with that name, in any case, and a colon or a space behind it. */
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
