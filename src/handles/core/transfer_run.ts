/**
 * The state of one transfer of an easy handle. The handle gets a new one when it becomes pinned,
 * that is, when a call or a multi handle begins to use it.
 *
 * @module
 */

import type { CurlEasyError } from "../../errors.ts";

/** How much libcurl's content decoder may make of what it reads from the socket at once. */
export type Decoding =
  /** As much as it has read: the body is not encoded, or not decoded. */
  | "none"
  /** Less than libcurl keeps of a paused transfer. */
  | "bounded"
  /** Any length. */
  | "unbounded";

/** The state of one transfer. */
export class TransferRun {
  /** `infoRead` has reported the end of this transfer, or is about to. */
  endReported = false;
  /** Already removed from libcurl's multi, though still in our list: see `multi/abort_all.ts`. */
  alreadyDetached = false;
  /** A call outside libcurl's own has ended the transfer: its callbacks get no more bytes. */
  failed = false;
  /** CONNECT_ONLY has connected. The option itself may have changed since. */
  connected = false;
  /** The `CURLPAUSE_*` bits that the user's callbacks and calls have paused. */
  paused = 0;
  /** The driver has paused receiving so that other transfers can go on. */
  pausedForFairness = false;
  /** Receiving is to be paused as soon as libcurl has returned: `easy/pausing.ts`. */
  pauseDue = false;
  /** The transfer is being resumed: libcurl delivers the bytes that it kept during the pause. */
  resuming = false;
  /** `null` until it is first needed: `easy/decoding.ts`. */
  decoding: Decoding | null = null;
  /** The driver has resumed the upload at the end of the answer: `driver/early_answers.ts`. */
  uploadResumed = false;
  /** The reader of a MIME part has paused sending. */
  readerPaused = false;
  /** How many bytes were received since the driver last scheduled other transfers first. */
  burst = 0;
  /** How many bytes READFUNCTION has given since the transfer began or was last rewound. */
  bytesRead = 0;
  /** How many bytes were transferred at the last progress callback. */
  bytesMoved = 0;
  /** The progress callback aborts the transfer once more bytes were transferred. */
  abortWhenMoving = false;
  /** The first exception of a callback, for the caller of libcurl. */
  thrown: { readonly value: unknown } | null = null;
  /** Why curlew itself had a callback end the transfer, in the place of libcurl's own error. */
  ownError: CurlEasyError | null = null;
}
