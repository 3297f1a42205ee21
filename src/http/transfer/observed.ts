/**
 * What the requests of `fetch`, `download` and `upload` show to whoever observes an agent.
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
  /** Why curlew has ended the transfer itself, such as `undefined` for a body that was cancelled. */
  readonly failure: { readonly error: unknown } | null;
  /** Whether `info` can be read at any time; if not, the handle has it while the transfer runs. */
  readonly keepsInfo: boolean;
  /** The info, up to now if the transfer is still running. */
  readonly info: TransferInfo | null;
  /** Told of the head; set when the transfer is started. */
  watch: HeadWatch | null;
}

/** Is told of the head of a response. Must not throw. */
export interface HeadWatch {
  /** The head that counts is complete. */
  head(): void;
}
