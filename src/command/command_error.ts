/**
 * The error of a command, with the place in it.
 *
 * @module
 */

import { easyCodeName } from "../../ffi/curl/codes.ts";
import { CurlError } from "../../ffi/error.ts";

/** A place in a command. */
export interface CurlPlace {
  /**
   * The place as text, such as `"line 2, column 5"`, `"argument 3, character 1"` or `"a.cfg, line
   * 7"`.
   */
  readonly where: string;
  /** The number of UTF-16 units before it in the text, the argument or the line. */
  readonly offset: number;
}

/** The codes of curl for a command that fails before anything is sent. */
export const CommandCode = {
  UNSUPPORTED_PROTOCOL: 1,
  FAILED_INIT: 2,
  URL_MALFORMAT: 3,
  READ_ERROR: 26,
} as const;

/**
 * The error of a command that cannot be read: `code` is curl's exit code, the message says what was
 * expected at `place`. It does not quote values, since they may be secret.
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
  /** The place of the error. */
  readonly place: CurlPlace;
  /** What was expected at the place. */
  readonly expected: string;

  /** Makes an error for a place; `found` is what the command has there, where that may be shown. */
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
