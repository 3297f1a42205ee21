/**
 * A transfer as observers see it.
 *
 * @module
 */

import type { TransferInfo } from "../http/response/info.ts";

/** The state of a transfer: `"running"`, or how it has ended. */
export type TransferState = "running" | "done" | "failed" | "aborted" | "cancelled";

/**
 * A transfer: one request and its response. A call makes several where it follows redirects or
 * retries, or where curlew repeats a request that was lost with a kept connection: then the lost
 * one has failed, and both have the same `attempt`, `redirects` and `chain`. It is the same object
 * from start to end, so it can be the key of a `Map`; members that are not known yet are `null`.
 * Times are those of `performance.now()`, in ms.
 */
export interface ObservedTransfer {
  /** The number of the transfer, from 1 on. */
  readonly id: number;
  /**
   * The number of the call of `fetch`, `download` or `upload` that makes the transfer; `null` for a
   * transfer of `Agent.perform` and the handshake of a WebSocket.
   */
  readonly call: number | null;
  /**
   * The number of earlier attempts of the call: by `retry`, or by a download that could not be
   * resumed.
   */
  readonly attempt: number;
  /** The number of redirects that were followed before. */
  readonly redirects: number;
  /** The URLs of the requests whose redirects led to this one, in order, redacted as `url`. */
  readonly chain: readonly string[];
  /** The method; for `Agent.perform` it is set at the end. `null` for protocols without methods. */
  readonly method: string | null;
  /** The URL, with `REDACTED` for the user, the password and the values of the query. */
  readonly url: string;
  /** The HTTP status, or the last reply code of another protocol; `null` before the head. */
  readonly status: number | null;
  /** The state. An HTTP status is never a failure. */
  readonly state: TransferState;
  /**
   * The `CurlEasyError` that the transfer failed with, or the reason of the signal; `undefined`
   * where it did not fail, or its body was cancelled.
   */
  readonly error: unknown;
  /** Data such as times, sizes and addresses; while the transfer runs, the data so far. */
  readonly info: TransferInfo | null;
  /** The time of the start. */
  readonly startTime: number;
  /** The time at which the head was complete; `null` for `Agent.perform`. */
  readonly headTime: number | null;
  /** The time of the end. */
  readonly endTime: number | null;
  /** All members except the certificates, for `JSON.stringify`; the error becomes its text. */
  toJSON(): Record<string, unknown>;
}
