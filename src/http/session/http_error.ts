/**
 * `HttpError`: a response whose status says that the request has failed.
 *
 * @module
 */

import { publicUrl } from "../errors.ts";

/**
 * The error of a call of {@linkcode createFetch} for a status from 400 to 599, with
 * `throwOnStatus`.
 *
 * @example
 * ```ts
 * import { createFetch, HttpError } from "curlew/session";
 *
 * const api = createFetch({ baseUrl: "https://example.com/api", throwOnStatus: true });
 * try {
 *   await api("users/1");
 * } catch (error) {
 *   if (error instanceof HttpError) console.log(error.status, await error.response.text());
 * }
 * ```
 */
export class HttpError extends Error {
  /** The name of the class. */
  override readonly name = "HttpError";
  /** The response. Its body is not read yet, and occupies its connection until it is. */
  readonly response: Response;

  /** Makes the error of a response. */
  constructor(response: Response, url: string = response.url) {
    const answer = `${response.status} ${response.statusText}`.trim();
    super(`Cannot fetch ${publicUrl(url)}: the server answered ${answer}`);
    this.response = response;
  }

  /** The HTTP status. */
  get status(): number {
    return this.response.status;
  }
}
