/**
 * The phases of a transfer, as HAR divides it.
 *
 * @module
 */

import type { TransferInfo } from "../http/response/info.ts";

/** Phases in ms, one after the other; -1 for one that the transfer did not have. */
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

/** When libcurl has done what, in ms from its own start of the transfer; 0 for never. */
export interface Marks {
  /** The transfer left the queue for a connection. */
  queue: number;
  nameLookup: number;
  connect: number;
  tls: number;
  /** The request is about to be sent. */
  pretransfer: number;
  firstByte: number;
}

/** What else decides the phases. */
export interface Span {
  /** From the start to the end, in ms. */
  readonly wall: number;
  readonly reused: boolean;
  readonly isTls: boolean;
  /** How long after the start libcurl's own time begins, in ms. */
  readonly shift: number;
  /** How long the request was on its way, in ms. */
  readonly send: number;
}

/** A mark that comes at once after the one before. */
const AT_ONCE = Number.MIN_VALUE;

/** The marks, of which libcurl leaves out some: where a later one is there, it was passed. */
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

/** Phases whose sum is `wall`, without `ssl`. A phase in which the transfer ended lasts until then. */
export function phasesOf(given: Marks, { wall, reused, isTls, shift, send }: Span): Phases {
  const marks = complete(given);
  let at = 0, isOver = false;
  /** The time until a mark; the first one that is missing gets the rest. */
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

/** The marks that an info has; of a transfer that goes on those so far. */
export function marksOf(
  { nameLookup, connect, tls, firstByte }: Pick<
    TransferInfo,
    "nameLookup" | "connect" | "tls" | "firstByte"
  >,
): Marks {
  return { queue: 0, nameLookup, connect, tls, pretransfer: 0, firstByte };
}
