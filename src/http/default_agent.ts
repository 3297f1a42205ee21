/**
 * The default agent, which runs the transfers of all calls that are given no agent.
 *
 * @module
 */

import { Agent, isAgent } from "../driver/agent.ts";
import { CurlMultiError } from "../errors.ts";
import { shown } from "./shown.ts";
import { isInstance } from "../untrusted.ts";
import { typeError } from "./errors.ts";

let shared: Agent | null = null;

/**
 * Reads the `agent` option; the default agent unless given. Throws `TypeError` for any other value.
 */
export function agentOf(given: Agent | null | undefined): Agent {
  if (given === undefined || given === null) return defaultAgent();
  if (isAgent(given)) return given;
  throw typeError(`Cannot use the agent: expected an Agent, got ${shown(given)}`);
}

/** The default agent, created when first needed. Throws `TypeError` if it cannot be created. */
export function defaultAgent(): Agent {
  try {
    return shared ??= new Agent();
  } catch (cause) {
    if (!isInstance(cause, CurlMultiError)) throw cause;
    // the process has no file descriptor left
    throw typeError(`Cannot make an agent: ${cause.message}`, { cause });
  }
}
