/**
 * The sinks of each observed agent.
 *
 * @module
 */

import { type Agent, setWatcher } from "../driver/agent.ts";
import type { TransferOutcome, TransferWatcher, WatchedOutcome } from "../driver/transfers.ts";
import type { Easy } from "../handles/easy/easy.ts";
import { agentOf } from "../http/default_agent.ts";
import { observed } from "../http/request/trail.ts";
import { type Sink, Watch } from "./watch.ts";

/** The watcher of an agent, which calls the sinks. */
class Hub implements TransferWatcher {
  /** The present sinks. The array is replaced, never changed: a running transfer keeps its own. */
  sinks: readonly Sink[] = [];

  watch(easy: Easy, outcome: TransferOutcome, signal: AbortSignal | null): WatchedOutcome {
    return new Watch(easy, outcome, signal, this.sinks);
  }
}

const hubs = new WeakMap<Agent, Hub>();

/**
 * Attaches a sink to an agent, for the transfers that it starts from now on. `null` is the default
 * agent. Returns the function that detaches it. Throws `TypeError` for a value that is not an
 * agent.
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
