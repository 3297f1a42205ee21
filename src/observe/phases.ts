/**
 * The phases of a transfer, as HAR defines them.
 *
 * @module
 */

import type { TransferInfo } from "../http/response/info.ts";

/** The phases in ms, one after the other; -1 for a phase that the transfer did not have. */
export interface Phases {
  /** Waiting for a connection, or for libcurl to begin. */
  readonly blocked: number;
  readonly dns: number;
  /** TCP and TLS. */
  readonly connect: number;
  /** The part of `connect` that is TLS. */
  readonly ssl: number;
  readonly send: number;
  readonly wait: number;
  readonly receive: number;
}

/**
 * The times of libcurl's steps, in ms from its own start of the transfer; 0 where a step was not
 * reached.
 */
export interface Marks {
  /** The end of the wait for a connection. */
  queue: number;
  nameLookup: number;
  connect: number;
  tls: number;
  /** The moment before the request is sent. */
  pretransfer: number;
  firstByte: number;
}

/** The other values that decide the phases. */
export interface Span {
  /** The duration from start to end, in ms. */
  readonly wall: number;
  readonly reused: boolean;
  readonly isTls: boolean;
  /** The time from the start to libcurl's own start, in ms. */
  readonly shift: number;
  /** The time that sending the request took, in ms. */
  readonly send: number;
}

/** A mark that directly follows the one before. */
const AT_ONCE = Number.MIN_VALUE;

/** The marks, completed: where a later mark exists, the earlier ones were passed, too. */
function complete(marks: Marks): Marks {
  const names = ["firstByte", "pretransfer", "tls", "connect", "nameLookup", "queue"] as const;
  const all: Record<keyof Marks, number> = { ...marks };
  let isPassed = false;
  for (const name of names) {
    isPassed ||= all[name] > 0;
    if (isPassed && all[name] <= 0) all[name] = AT_ONCE;
  }
  return all;
}

/**
 * The phases, whose sum without `ssl` is `wall`. The phase in which the transfer ended lasts until
 * then.
 */
export function phasesOf(given: Marks, { wall, reused, isTls, shift, send }: Span): Phases {
  const marks = complete(given);
  let at = 0, isOver = false;
  /** The time until a mark; the phase of the first missing mark gets the rest. */
  const until = (mark: number): number => {
    if (isOver) return -1;
    const reached = mark > 0 ? Math.min(Math.max(mark + shift, at), wall) : wall;
    const took = reached - at;
    at = reached;
    isOver = mark <= 0;
    return took;
  };
  const blocked = reused ? until(marks.pretransfer) : until(marks.queue || AT_ONCE);
  const dns = reused ? -1 : until(marks.nameLookup);
  const tcp = reused ? -1 : until(marks.connect);
  const ssl = reused || !isTls ? -1 : until(marks.tls);
  const connect = tcp < 0 ? -1 : tcp + Math.max(ssl, 0);
  const ready = reused ? 0 : Math.max(until(marks.pretransfer), 0);
  const waited = Math.max(until(marks.firstByte), 0), sent = Math.min(send, waited);
  const receive = isOver ? 0 : wall - at;
  return { blocked, dns, connect, ssl, send: ready + sent, wait: waited - sent, receive };
}

/** The marks that an info has, so far if the transfer is still running. */
export function marksOf(
  { nameLookup, connect, tls, firstByte }: Pick<
    TransferInfo,
    "nameLookup" | "connect" | "tls" | "firstByte"
  >,
): Marks {
  return { queue: 0, nameLookup, connect, tls, pretransfer: 0, firstByte };
}
