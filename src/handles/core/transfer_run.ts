/**
 * What is known of one transfer of an easy handle. The handle gets a new one whenever it becomes
 * pinned, that is when a call or a multi handle begins to use it.
 *
 * @module
 */

/** How far one read of a body from the socket may unpack. */
export type Decoding =
  /** It is not unpacked. */
  | "none"
  /** No further than to what libcurl keeps of a paused transfer. */
  | "bounded"
  /** To any length. */
  | "unbounded";

/** The state of one transfer. */
export class TransferRun {
  /** `infoRead` has reported the end of this transfer, or is about to. */
  endReported = false;
  /** Already removed from libcurl's multi, though still in the list of ours: `endDead`. */
  alreadyDetached = false;
  /** A call outside libcurl's own has ended the transfer: its callbacks get no more bytes. */
  failed = false;
  /** CONNECT_ONLY has connected; the option may have changed since. */
  connected = false;
  /** The `CURLPAUSE_*` bits that the user's callbacks and calls have paused. */
  paused = 0;
  /** Receiving is paused by the driver until other transfers had their turn. */
  pausedForFairness = false;
  /** Receiving is to be paused as soon as libcurl has returned: `easy/pausing.ts`. */
  pauseDue = false;
  /** A pause ends at the moment, and libcurl gives what it has kept. */
  resuming = false;
  /** How far a read of the body may unpack, once somebody has asked: `easy/decoding.ts`. */
  decoding: Decoding | null = null;
  /** The reader of a MIME part has paused sending. */
  readerPaused = false;
  /** How many bytes came since the driver last let other transfers go first. */
  burst = 0;
  /** How many bytes the progress callback was last told of. */
  bytesMoved = 0;
  /** The transfer is to be aborted as soon as more bytes move. */
  abortWhenMoving = false;
  /** The first exception of a callback, for the caller of libcurl. */
  thrown: { readonly value: unknown } | null = null;
}
