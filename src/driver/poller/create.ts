/**
 * The choice of the poller by operating system.
 *
 * @module
 */

import { native } from "../../../ffi/mod.ts";
import { EpollPoller } from "./epoll.ts";
import { KqueuePoller } from "./kqueue.ts";
import type { Poller } from "./poller.ts";

/** Makes a poller for this system. Throws `CurlMultiError` where it has no descriptor left. */
export function createPoller(): Poller {
  switch (native.os) {
    case "linux":
    case "android":
      return new EpollPoller();
    case "darwin":
      return new KqueuePoller();
  }
  throw new Error(
    `Cannot drive transfers on ${native.os}: curlew has pollers for Linux and macOS only; ` +
      "Easy.perform() needs none",
  );
}
