/**
 * The agent that transfers run on where the caller names none.
 *
 * @module
 */

import { Agent } from "../driver/agent.ts";
import { CurlMultiError } from "../errors.ts";

let shared: Agent | null = null;

/** The agent that a call's options name, or the one for all. */
export function agentOf(given: Agent | null | undefined): Agent {
  if (given === undefined || given === null) return defaultAgent();
  if (given instanceof Agent) return given;
  throw new TypeError("Cannot use the agent: expected an Agent");
}

/** The agent of fetches that name none. */
export function defaultAgent(): Agent {
  try {
    return shared ??= new Agent();
  } catch (cause) {
    if (!(cause instanceof CurlMultiError)) throw cause;
    throw new TypeError(`Cannot make an agent: ${cause.message}`, { cause }); // no descriptor is left
  }
}
