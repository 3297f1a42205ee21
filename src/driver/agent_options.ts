/**
 * The options of an agent and of its methods, and how they are read.
 *
 * @module
 */

import { Code, CurlEasyError } from "../errors.ts";
import { member } from "../members.ts";
import { isSignal, notASignal } from "../signals.ts";
import { Multi } from "../handles/multi/multi.ts";
import type { Share } from "../handles/share.ts";

/** What an `Agent` is made with. */
export interface AgentOptions {
  /** MAXCONNECTS: how many idle connections are kept. Grows with the load unless given. */
  readonly maxCachedConnections?: number;
  /** MAX_TOTAL_CONNECTIONS: how many connections there may be; more transfers wait. */
  readonly maxConnections?: number;
  /** MAX_HOST_CONNECTIONS: the same for each host and port. */
  readonly maxHostConnections?: number;
  /** MAX_CONCURRENT_STREAMS: how many HTTP/2 streams a connection carries. */
  readonly maxConcurrentStreams?: number;
  /**
   * PIPELINING: whether transfers to one host share an HTTP/2 connection, as they do unless false.
   */
  readonly multiplex?: boolean;
  /** What its transfers share, where they have no SHARE of their own. */
  readonly share?: Share;
}

/** What `Agent.perform` takes. */
export interface PerformOptions {
  /** Ends the transfer; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What `Agent.readable` and `Agent.writable` take. */
export interface WaitOptions {
  /** Ends the wait, not the connection; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What an `Agent` has done. */
export interface AgentStats {
  /** Sockets known, with those of idle connections. */
  readonly sockets: number;
  /** How often its loop ran. */
  readonly turns: number;
  /** How often the runtime woke this thread's agents up. */
  readonly wakeUps: number;
}

/** The options of an agent, each member read once. */
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

/** The error of what a closed agent is asked for, or has in flight. */
export function closedError(): CurlEasyError {
  return new CurlEasyError(Code.ABORTED_BY_CALLBACK, "The agent is closed");
}

/** The signal of some options. Throws for a value that is none, before anything has begun. */
export function signalOf(options: PerformOptions | null): AbortSignal | undefined {
  const signal: unknown = member(options ?? {}, "signal");
  if (signal === undefined || signal === null) return undefined;
  if (isSignal(signal)) return signal;
  throw new CurlEasyError(
    Code.BAD_FUNCTION_ARGUMENT,
    `Cannot use the signal: ${notASignal(signal)}`,
  );
}
