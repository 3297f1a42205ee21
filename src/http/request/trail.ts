/**
 * The trail of a call: the data that its requests share, over redirects and retries, for the
 * observers of an agent.
 *
 * @module
 */

/** The data that an observer keeps for one call. */
export interface Trail {
  /** The number of the call. */
  readonly call: number;
  /** The number of retries so far; -1 before the first request. */
  attempt: number;
  /** The observer's record of the last request. */
  last: object | null;
}

/** How many agents are observed. */
export const observed: { agents: number } = { agents: 0 };

let calls = 0;

/** A trail for a call, `null` while no agent is observed. */
export const newTrail = (): Trail | null =>
  observed.agents === 0 ? null : { call: ++calls, attempt: -1, last: null };
