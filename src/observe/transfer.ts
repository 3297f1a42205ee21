/**
 * A transfer as an observer sees it.
 *
 * @module
 */

import type { TransferInfo } from "../http/response/info.ts";

/** How a transfer has ended, `"running"` until then. */
export type TransferState = "running" | "done" | "failed" | "aborted" | "cancelled";

/**
 * A transfer: one request and its response. A call makes several where it follows redirects or tries
 * again. It is one object from the start to the end, so that it can be the key of a `Map`; what is
 * not known yet is `null`. Times are those of `performance.now()`, in ms.
 */
export interface ObservedTransfer {
  /** A number of its own, from 1 on. */
  readonly id: number;
  /**
   * The number of the call of `fetch`, `download` or `upload` that makes it, `null` for a transfer
   * of `Agent.perform` and the handshake of a WebSocket.
   */
  readonly call: number | null;
  /** How often the call had begun anew before: `retry`, or a download that could not be resumed. */
  readonly attempt: number;
  /** How many redirects were followed before. */
  readonly redirects: number;
  /** The URLs of the requests whose redirects led here, the first one first; as `url`. */
  readonly chain: readonly string[];
  /** The method; of `Agent.perform` it is known at the end. `null` where there are no methods. */
  readonly method: string | null;
  /** The URL, with `REDACTED` for the user, the password and the values of the query. */
  readonly url: string;
  /** The HTTP status, or the last reply code of another protocol; `null` before the head. */
  readonly status: number | null;
  /** How the transfer has ended. A status is never a failure. */
  readonly state: TransferState;
  /**
   * The `CurlEasyError` that the transfer failed with, or the reason of the signal; `undefined` where
   * it did not fail, or its body was cancelled.
   */
  readonly error: unknown;
  /** Facts such as times, sizes and addresses; those so far while the transfer runs. */
  readonly info: TransferInfo | null;
  /** When it was started. */
  readonly startTime: number;
  /** When the head was complete; of `Agent.perform` `null`. */
  readonly headTime: number | null;
  /** When it ended. */
  readonly endTime: number | null;
  /** All of it but the certificates, for `JSON.stringify`; the error is its text. */
  toJSON(): Record<string, unknown>;
}
