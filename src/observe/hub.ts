/**
 * The sinks of each agent that is observed.
 *
 * @module
 */

import { type Agent, setWatcher } from "../driver/agent.ts";
import type { TransferOutcome, TransferWatcher, WatchedOutcome } from "../driver/transfers.ts";
import type { Easy } from "../handles/easy/easy.ts";
import { agentOf } from "../http/default_agent.ts";
import { observed } from "../http/request/trail.ts";
import { type Sink, Watch } from "./watch.ts";

/** Has an agent tell its sinks. */
class Hub implements TransferWatcher {
  /** Replaced, never changed: transfers that run keep theirs. */
  sinks: readonly Sink[] = [];

  watch(easy: Easy, outcome: TransferOutcome, signal: AbortSignal | null): WatchedOutcome {
    return new Watch(easy, outcome, signal, this.sinks);
  }
}

const hubs = new WeakMap<Agent, Hub>();

/**
 * Has a sink told of the transfers that the agent starts from now on. `null` is the default agent.
 * Returns the function that ends it. Throws `TypeError` for no agent.
 */
export function attach(given: Agent | null, sink: Sink): () => void {
  const agent = agentOf(given);
  let hub = hubs.get(agent);
  if (!hub) hubs.set(agent, hub = new Hub());
  if (hub.sinks.length === 0) {
    setWatcher(agent, hub);
    observed.agents++;
  }
  hub.sinks = [...hub.sinks, sink];
  return () => detach(agent, hub, sink);
}

function detach(agent: Agent, hub: Hub, sink: Sink): void {
  if (!hub.sinks.includes(sink)) return;
  hub.sinks = hub.sinks.filter((other) => other !== sink);
  if (hub.sinks.length > 0) return;
  setWatcher(agent, null);
  observed.agents--;
}
