/**
 * The choice of how the runtime watches the parent poller of a thread.
 *
 * @module
 */

import { type FdWatch, native } from "../../../ffi/mod.ts";
import type { Poller } from "../poller/poller.ts";
import { byWorker, LoopWaiter } from "./loop_waiter.ts";
import { PoolWaiter } from "./pool_waiter.ts";

/** The ways to watch, which are also the values of `CURLEW_WAIT`. */
export type WaitMethod = "loop" | "worker" | "pool";

/** The method of this runtime, or the one of the environment variable. */
export function waitMethod(): WaitMethod {
  const wanted = native.env("CURLEW_WAIT");
  if (wanted === "loop" && native.watch) return "loop";
  if (wanted === "worker" && native.watchByWorker) return "worker";
  if (native.watch) return "loop";
  return "pool";
}

/** Makes a watch of a poller's descriptor. `sockets` returns how many sockets are below it. */
export function createWatch(poller: Poller, ready: () => void, sockets: () => number): FdWatch {
  switch (waitMethod()) {
    case "loop":
      return new LoopWaiter(poller, ready, sockets);
    case "worker":
      return byWorker(poller, ready);
    case "pool":
      return new PoolWaiter(poller, ready);
  }
}
