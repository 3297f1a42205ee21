/**
 * The state of one transfer of an easy handle. The handle gets a new one when it becomes pinned,
 * that is, when a call or a multi handle begins to use it.
 *
 * @module
 */

import type { CurlEasyError } from "../../errors.ts";

/** How many bytes libcurl's content decoder may produce from one read of the socket. */
export type Decoding =
  /** As many as it has read: the body is not encoded, or not decoded. */
  | "none"
  /** Fewer than libcurl keeps for a paused transfer. */
  | "bounded"
  /** Any number. */
  | "unbounded";

/** The state of one transfer. */
export class TransferRun {
  /** `infoRead` has reported the end of this transfer, or is about to. */
  endReported = false;
  /**
   * Whether the handle was already removed from libcurl's multi, not yet from curlew's list:
   * `multi/abort_all.ts`.
   */
  alreadyDetached = false;
  /**
   * Whether curlew has ended the transfer outside a call of libcurl: its callbacks get no more
   * bytes.
   */
  failed = false;
  /** Whether a CONNECT_ONLY transfer has connected. The option itself may have changed since. */
  connected = false;
  /** The `CURLPAUSE_*` bits that the user's callbacks and calls have paused. */
  paused = 0;
  /** Whether the driver has paused receiving so that other transfers can continue. */
  pausedForFairness = false;
  /** Whether receiving is to be paused as soon as libcurl has returned: `easy/pausing.ts`. */
  pauseDue = false;
  /** The transfer is being resumed: libcurl delivers the bytes that it kept during the pause. */
  resuming = false;
  /** The decoding of the body, `null` until it is first needed: `easy/decoding.ts`. */
  decoding: Decoding | null = null;
  /**
   * Whether the driver has resumed the upload at the end of the answer: `driver/early_answers.ts`.
   */
  uploadResumed = false;
  /** The reader of a MIME part has paused sending. */
  readerPaused = false;
  /** The number of bytes received since the driver last gave precedence to other transfers. */
  burst = 0;
  /** How many bytes READFUNCTION has given since the transfer began or was last rewound. */
  bytesRead = 0;
  /** How many bytes were transferred at the last progress callback. */
  bytesMoved = 0;
  /** The progress callback aborts the transfer once more bytes were transferred. */
  abortWhenMoving = false;
  /** The first exception of a callback, for the caller of libcurl. */
  thrown: { readonly value: unknown } | null = null;
  /**
   * The reason for which curlew itself has ended the transfer by a callback, reported instead of
   * libcurl's error.
   */
  ownError: CurlEasyError | null = null;
}
