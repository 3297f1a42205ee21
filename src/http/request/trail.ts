/**
 * The trail of a call: what its requests have in common, over redirects and retries, for whoever
 * observes an agent.
 *
 * @module
 */

/** What an observer keeps of one call. */
export interface Trail {
  /** A number of the call's own. */
  readonly call: number;
  /** How often the call has begun anew; -1 before its first request. */
  attempt: number;
  /** What the observer has made of the last request. */
  last: object | null;
}

/** How many agents are observed. */
export const observed: { agents: number } = { agents: 0 };

let calls = 0;

/** A trail for a call, `null` while no agent is observed. */
export const newTrail = (): Trail | null =>
  observed.agents === 0 ? null : { call: ++calls, attempt: -1, last: null };
