/**
 * The options that say how the answer of a transfer is received. They are seldom set, so all handles
 * share one object until they are: a few members more in `EasySettings` itself, and on Deno each
 * handle leaves 1 KB more until the next full collection, as `test/driver/leak.test.ts` shows.
 *
 * @module
 */

/** What is known of an answer by its head, which no other head will replace. */
export interface FinalHead {
  /** The answer has a body, or may have one. */
  readonly hasBody: boolean;
  /** The body is chunked, and the server has not announced to close the connection after it. */
  readonly endsWithChunk: boolean;
}

/** The options that say how an answer is received. */
export interface ReceiveSettings {
  /** BUFFERSIZE as libcurl has it. */
  readonly bufferSize: number;
  /** BUFFERSIZE was set by the user. */
  readonly bufferSizeSet: boolean;
  /** ACCEPT_ENCODING was set, so that libcurl unpacks bodies. */
  readonly acceptsEncoding: boolean;
  /** HTTP_CONTENT_DECODING. */
  readonly contentDecoding: boolean;
  /** TRANSFER_ENCODING. */
  readonly transferEncoding: boolean;
  /**
   * Tells of the head of the answer, where the transfer is to end with its answer even if its upload
   * is paused (`driver/early_answers.ts`); that function returns `null` before the final head.
   */
  readonly finalHead: (() => FinalHead | null) | null;
}

/** The BUFFERSIZE of a new handle, in bytes. */
export const INITIAL_BUFFERSIZE: number = 63 * 1024;

/** Those of a new handle. */
export const INITIAL_RECEIVE: ReceiveSettings = {
  bufferSize: INITIAL_BUFFERSIZE,
  bufferSizeSet: false,
  acceptsEncoding: false,
  contentDecoding: true,
  transferEncoding: false,
  finalHead: null,
};
