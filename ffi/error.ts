/**
 * The base class of curlew's errors, and the error of loading libcurl.
 *
 * @module
 */

/** An error with curl's own name and number, from the C enum of the subclass. */
export class CurlError extends Error {
  /** The name of the class. */
  override readonly name: string = "CurlError";
  /** The number in the C enum of the subclass. */
  readonly code: number;
  /** The C name of the number, such as `CURLE_OPERATION_TIMEDOUT`. */
  readonly codeName: string;

  /** Makes an error with that number and name. */
  constructor(code: number, codeName: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.codeName = codeName;
  }
}

/** The error where no usable libcurl can be loaded, or it lacks a function that is called. */
export class CurlLoadError extends CurlError {
  /** The name of the class. */
  override readonly name = "CurlLoadError";

  /** Makes an error with `CURLE_FAILED_INIT` as its code. */
  constructor(message: string, options?: ErrorOptions) {
    super(2, "CURLE_FAILED_INIT", message, options);
  }
}
