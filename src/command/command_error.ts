/**
 * What is wrong with a command, and where.
 *
 * @module
 */

import { easyCodeName } from "../../ffi/curl/codes.ts";
import { CurlError } from "../../ffi/error.ts";

/** A place in a command. */
export interface CurlPlace {
  /** In words, such as `"line 2, column 5"`, `"argument 3, character 1"` or `"a.cfg, line 7"`. */
  readonly where: string;
  /** How many UTF-16 units of the text, the argument or the line stand before it. */
  readonly offset: number;
}

/** The codes of curl that a command fails with before anything is sent. */
export const CommandCode = {
  UNSUPPORTED_PROTOCOL: 1,
  FAILED_INIT: 2,
  URL_MALFORMAT: 3,
  READ_ERROR: 26,
} as const;

/**
 * Thrown where a command cannot be read: `code` is what curl would exit with, the message tells
 * what was expected at `place`. Values are not quoted in it, since they may be secret.
 *
 * @example
 * ```ts
 * import { CurlCommandError, parseCurl } from "curlew/command";
 *
 * try {
 *   parseCurl("curl --hedaer 'A: b' https://example.com/");
 * } catch (error) {
 *   if (!(error instanceof CurlCommandError)) throw error;
 *   console.log(error.place.offset, error.expected, error.message);
 * }
 * ```
 */
export class CurlCommandError extends CurlError {
  /** The name of the class. */
  override readonly name = "CurlCommandError";
  /** Where. */
  readonly place: CurlPlace;
  /** What was expected there. */
  readonly expected: string;

  /** Makes an error about a place; `found` is what stands there, where that may be told. */
  constructor(
    place: CurlPlace,
    expected: string,
    found = "",
    code: number = CommandCode.FAILED_INIT,
    options?: ErrorOptions,
  ) {
    const tail = found === "" ? "" : `, found ${found}`;
    const message = `Cannot read the curl command at ${place.where}: expected ${expected}${tail}`;
    super(code, easyCodeName(code), message, options);
    this.place = place;
    this.expected = expected;
  }
}
