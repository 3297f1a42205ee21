/**
 * The options of how the answer of a transfer is received. They are seldom set, so all handles
 * share one object until one is: with a few more members in `EasySettings` itself each handle on
 * Deno leaves 1 KB more until the next full collection, as `test/driver/leak.test.ts` shows.
 *
 * @module
 */

/** The properties of an answer by its final head, which no other head follows. */
export interface FinalHead {
  /** Whether the answer has a body, or may have one. */
  readonly hasBody: boolean;
  /**
   * Whether the body is chunked, and the server has not announced to close the connection after it.
   */
  readonly endsWithChunk: boolean;
}

/** The options of how an answer is received. */
export interface ReceiveSettings {
  /** BUFFERSIZE as libcurl has it. */
  readonly bufferSize: number;
  /** Whether the user has set BUFFERSIZE. */
  readonly bufferSizeSet: boolean;
  /** Whether ACCEPT_ENCODING was set, so that libcurl unpacks bodies. */
  readonly acceptsEncoding: boolean;
  /** HTTP_CONTENT_DECODING. */
  readonly contentDecoding: boolean;
  /** TRANSFER_ENCODING. */
  readonly transferEncoding: boolean;
  /**
   * Returns the final head of the answer, `null` before it was received. Set where the transfer is
   * to end with its answer even if its upload is paused (`driver/early_answers.ts`).
   */
  readonly finalHead: (() => FinalHead | null) | null;
}

/** The BUFFERSIZE of a new handle, in bytes. */
export const INITIAL_BUFFERSIZE: number = 63 * 1024;

/** The settings of a new handle. */
export const INITIAL_RECEIVE: ReceiveSettings = {
  bufferSize: INITIAL_BUFFERSIZE,
  bufferSizeSet: false,
  acceptsEncoding: false,
  contentDecoding: true,
  transferEncoding: false,
  finalHead: null,
};
