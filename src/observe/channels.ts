/**
 * `publish`: publishes an agent's transfers on channels of `node:diagnostics_channel`.
 *
 * @module
 */

import { channel } from "node:diagnostics_channel";
import type { Agent } from "../driver/agent.ts";
import type { ObservedTransfer } from "./transfer.ts";
import { type Observation, observation, ObserverSink } from "./observe.ts";

const started = channel("curlew:transfer:start"), headed = channel("curlew:transfer:head");
const ended = channel("curlew:transfer:end"), failed = channel("curlew:transfer:error");

/**
 * Publishes the transfers of an agent, as {@linkcode observe} reports them, on the channels
 * `curlew:transfer:start`, `:head`, `:error` and `:end` of `node:diagnostics_channel`. The message
 * is `{ transfer }`; a transfer with an error is published on `:error` before `:end`. A channel
 * without a subscriber costs one comparison.
 *
 * @throws {TypeError} for a value that is not an agent.
 *
 * @example
 * ```ts
 * import { subscribe } from "node:diagnostics_channel";
 * import { fetch } from "curlew";
 * import { type ObservedTransfer, publish } from "curlew/observe";
 *
 * subscribe("curlew:transfer:end", (message) => {
 *   const { transfer } = message as { transfer: ObservedTransfer };
 *   console.log(transfer.url, transfer.status);
 * });
 * publish(null);
 * await (await fetch("https://example.com/")).text();
 * ```
 */
export function publish(agent: Agent | null): Observation {
  return observation(
    agent,
    new ObserverSink({
      start: (transfer) => tell(started, transfer),
      head: (transfer) => tell(headed, transfer),
      end(transfer) {
        if (transfer.error !== undefined) tell(failed, transfer);
        tell(ended, transfer);
      },
    }),
  );
}

function tell(to: ReturnType<typeof channel>, transfer: ObservedTransfer): void {
  if (to.hasSubscribers) to.publish({ transfer });
}
