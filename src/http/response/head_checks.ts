/**
 * Checks for heads that two readers may interpret differently: where a server behind a proxy does
 * so, it could insert a response of its own into another connection's responses. libcurl accepts
 * such heads.
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
 * Compares the values of Content-Length in a head: there may be several, but all must be the same.
 * libcurl checks each single value.
 */
export class LengthCheck {
  /**
   * The offset of the first such field in the head; 0 for none, since a head begins with a status
   * line.
   */
  #start = 0;
  #end = 0;

  /** Drops the lengths, because another head begins. */
  reset(): void {
    this.#start = this.#end = 0;
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
    if (isFirst && !hasComma(bytes, start, end)) return;
    const values = [...valuesIn(bytes, this.#start), ...valuesIn(bytes, start)];
    const other = values.find((value) => value !== values[0]);
    if (other !== undefined || !/^\d+$/.test(values[0] ?? "")) {
      throw weird(`The response has the lengths ${values.map((value) => `"${value}"`).join(", ")}`);
    }
  }
}

/** A loop: for a line of a few bytes a call into the runtime takes longer. */
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
