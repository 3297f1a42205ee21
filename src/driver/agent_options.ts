/**
 * The options of an agent and of its methods, and their checks.
 *
 * @module
 */

import { Code, CurlEasyError } from "../errors.ts";
import { member } from "../members.ts";
import { isSignal, notASignal } from "../signals.ts";
import { Multi } from "../handles/multi/multi.ts";
import type { Share } from "../handles/share.ts";

/** The options of an `Agent`. */
export interface AgentOptions {
  /**
   * MAXCONNECTS: the number of idle connections that are kept. By default it grows with the load.
   */
  readonly maxCachedConnections?: number;
  /** MAX_TOTAL_CONNECTIONS: the largest number of connections; further transfers are queued. */
  readonly maxConnections?: number;
  /** MAX_HOST_CONNECTIONS: the largest number of connections to one host and port. */
  readonly maxHostConnections?: number;
  /** MAX_CONCURRENT_STREAMS: the largest number of HTTP/2 streams of one connection. */
  readonly maxConcurrentStreams?: number;
  /** PIPELINING: whether transfers to one host share an HTTP/2 connection. The default is true. */
  readonly multiplex?: boolean;
  /** The data that the agent's transfers share, for those that have no SHARE of their own. */
  readonly share?: Share;
}

/** The options of `Agent.perform`. */
export interface PerformOptions {
  /** Ends the transfer; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The options of `Agent.readable` and `Agent.writable`. */
export interface WaitOptions {
  /** Ends the wait, not the connection; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Counters of an `Agent`. */
export interface AgentStats {
  /** The number of open sockets, those of idle connections included. */
  readonly sockets: number;
  /** The number of turns of its event loop. */
  readonly turns: number;
  /** How often the runtime has called the agents of this thread because a socket was ready. */
  readonly wakeUps: number;
}

/** Reads the options of an agent, each member once. */
export function readOptions(given: AgentOptions): AgentOptions {
  return {
    maxCachedConnections: member(given, "maxCachedConnections"),
    maxConnections: member(given, "maxConnections"),
    maxHostConnections: member(given, "maxHostConnections"),
    maxConcurrentStreams: member(given, "maxConcurrentStreams"),
    multiplex: member(given, "multiplex"),
    share: member(given, "share"),
  } as AgentOptions;
}

/** Makes a multi handle with these options, and room for `cacheSize` idle connections. */
export function multiFor(options: AgentOptions, cacheSize: number): Multi {
  const { maxConnections, maxHostConnections, maxConcurrentStreams, multiplex } = options;
  const multi = new Multi();
  try {
    multi.setOpt("MAXCONNECTS", cacheSize);
    if (maxConnections !== undefined) multi.setOpt("MAX_TOTAL_CONNECTIONS", maxConnections);
    if (maxHostConnections !== undefined) multi.setOpt("MAX_HOST_CONNECTIONS", maxHostConnections);
    if (maxConcurrentStreams !== undefined) {
      multi.setOpt("MAX_CONCURRENT_STREAMS", maxConcurrentStreams);
    }
    if (multiplex === false) multi.setOpt("PIPELINING", 0);
  } catch (error) {
    multi.close();
    throw error;
  }
  return multi;
}

/**
 * The error of a transfer that is started on a closed agent, or in flight when the agent closes.
 */
export function closedError(): CurlEasyError {
  return new CurlEasyError(Code.ABORTED_BY_CALLBACK, "The agent is closed");
}

/** Reads the signal of some options. Throws for a value that is no AbortSignal. */
export function signalOf(options: PerformOptions | null): AbortSignal | undefined {
  const signal: unknown = member(options ?? {}, "signal");
  if (signal === undefined || signal === null) return undefined;
  if (isSignal(signal)) return signal;
  throw new CurlEasyError(
    Code.BAD_FUNCTION_ARGUMENT,
    `Cannot use the signal: ${notASignal(signal)}`,
  );
}
