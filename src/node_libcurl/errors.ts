/**
 * The errors of node-libcurl's interface.
 *
 * @module
 */

import type { CurlCode, CurlMultiCode, CurlShareCode } from "./enums/codes.ts";

/** The base class of all errors with a code of libcurl. */
export class CurlError extends Error {
  /** The name of the class. */
  override readonly name: string = "CurlError";
}

/** An error of a transfer or an easy handle. Its `cause` is the exception of a callback. */
export class CurlEasyError extends CurlError {
  /** The name of the class. */
  override readonly name = "CurlEasyError";
  /** libcurl's code. */
  readonly code: CurlCode;
  readonly #detail: string;

  /** Makes an error with that code. */
  constructor(message: string, code: CurlCode, options?: ErrorOptions & { detail?: string }) {
    super(message, options);
    this.code = code;
    this.#detail = options?.detail ?? "";
  }

  /**
   * libcurl's text for this particular error, such as the address of a failed connection; may be
   * empty.
   */
  get detail(): string {
    return this.#detail;
  }
}

/** An error of a multi handle. */
export class CurlMultiError extends CurlError {
  /** The name of the class. */
  override readonly name = "CurlMultiError";
  /** libcurl's code. */
  readonly code: CurlMultiCode;

  /** Makes an error with that code. */
  constructor(message: string, code: CurlMultiCode, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An error of a share handle. */
export class CurlSharedError extends CurlError {
  /** The name of the class. */
  override readonly name = "CurlSharedError";
  /** libcurl's code. */
  readonly code: CurlShareCode;

  /** Makes an error with that code. */
  constructor(message: string, code: CurlShareCode, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
