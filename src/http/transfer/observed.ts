/**
 * The data about requests of `fetch`, `download` and `upload` that observers of an agent read.
 *
 * @module
 */

import type { HeadCollector } from "../response/head.ts";
import type { TransferInfo } from "../response/info.ts";
import type { RequestPlan } from "../request/plan.ts";

/** A request whose transfer may be observed: the `request` of its outcome. */
export interface ObservedRequest {
  readonly plan: RequestPlan;
  readonly head: HeadCollector;
  /** How many redirects were followed before this request. */
  readonly redirects: number;
  /** Why curlew itself has ended the transfer: `undefined` as the error for a cancelled body. */
  readonly failure: { readonly error: unknown } | null;
  /** Whether `info` can be read at any time; otherwise only while the transfer runs. */
  readonly keepsInfo: boolean;
  /** The info, up to now if the transfer is still running. */
  readonly info: TransferInfo | null;
  /** Called for the head; set when the transfer is started. */
  watch: HeadWatch | null;
}

/** Called for the head of a response. Must not throw. */
export interface HeadWatch {
  /** The final head is complete. */
  head(): void;
}
