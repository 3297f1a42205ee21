/**
 * CURLEW_DEBUG: what is true of an agent after each turn of its loop. Ownership, counts and
 * states of the handles, and that the books of the driver agree with each other, with libcurl and
 * with the kernel.
 *
 * @module
 */

import { native } from "../../../ffi/mod.ts";
import type { EasyState } from "../../handles/core/easy_state.ts";
import { brokenCounts, brokenMulti } from "../../handles/invariants.ts";
import { type Multi, multiStateOf } from "../../handles/multi/multi.ts";
import type { Fairness } from "../timing/fairness.ts";
import type { Jobs } from "../transfers.ts";
import { readKernel, type Registration } from "./epoll_registrations.ts";
import { parking } from "../parking/parking.ts";
import { WRITE } from "../poller/poller.ts";
import type { Socket, Sockets } from "../sockets.ts";
import type { Deadline } from "../timing/deadline.ts";
import type { SocketWait, SocketWaits } from "../socket_waits.ts";

/** The parts of an agent, as they are at the end of a turn. */
export interface Parts {
  readonly multi: Multi;
  readonly jobs: Jobs;
  readonly sockets: Sockets;
  readonly waits: SocketWaits;
  readonly fairness: Fairness;
  readonly deadline: Deadline;
  /** The poller's descriptor. */
  readonly pollerFd: number;
  /** Whether nothing is left to be done until something happens. */
  readonly rests: boolean;
}

type Wrongs = Generator<string, void, undefined>;

/** With more than this in flight only some turns are checked, since a check looks at all. */
const MANY = 256, SELDOM = 64;
/** The kernel's list takes longer than the rest: after so many turns it is read now and then. */
const KERNEL_TURNS = 200, KERNEL_SELDOM = 16;
/** How much later than libcurl's own deadline an alarm may be: time that passes between two calls. */
const LATE_MS = 2000;
/** A wait whose socket is gone has this many turns to end. */
const LAST_TURNS = 3;

/** Whether the environment asks for it. */
export function isDebugging(): boolean {
  return native.env("CURLEW_DEBUG") === "1";
}

/** The checks of one agent. */
export class Invariants {
  #turns = 0;
  /** How many turns ago the socket of a wait was gone. */
  readonly #orphans = new WeakMap<SocketWait, number>();

  /** What is wrong, `null` where nothing is. Call it outside of libcurl's callbacks only. */
  check(parts: Parts): Error | null {
    const many = parts.jobs.size + parts.sockets.size > MANY;
    if (this.#turns++ % (many ? SELDOM : 1) !== 0) return null;
    const wrongs = [...new Set(this.#wrongs(parts))];
    if (wrongs.length === 0) return null;
    return new Error(`CURLEW_DEBUG: after turn ${this.#turns}: ${wrongs.join("; ")}`);
  }

  *#wrongs(parts: Parts): Wrongs {
    yield* brokenCounts();
    yield* brokenMulti(parts.multi);
    yield* brokenJobs(parts);
    yield* brokenTurns(parts);
    for (const socket of parts.sockets.entries()) yield* brokenSocket(socket, parts);
    yield* brokenWanted(parts.sockets);
    if (this.#turns < KERNEL_TURNS || this.#turns % KERNEL_SELDOM === 0) yield* brokenKernel(parts);
    yield* this.#brokenWaits(parts);
    yield* brokenDeadline(parts);
    yield* brokenPlaces();
  }

  *#brokenWaits({ waits, sockets, multi }: Parts): Wrongs {
    const awaited = new Map<number, number>();
    for (const wait of waits) {
      awaited.set(wait.fd, (awaited.get(wait.fd) ?? 0) | wait.direction);
      if (wait.easy.multi !== multiStateOf(multi)) {
        yield `a wait for fd ${wait.fd} has a handle of elsewhere`;
      }
    }
    const present = new Map<number, number>();
    for (const socket of sockets.entries()) {
      if (socket.awaited) present.set(socket.fd, socket.awaited);
      if (socket.awaited & ~(awaited.get(socket.fd) ?? 0)) {
        yield `fd ${socket.fd} is watched for a wait that is over`;
      }
    }
    for (const wait of waits) {
      const isThere = (present.get(wait.fd) ?? 0) & wait.direction;
      // it is told outside the turn that its socket is gone
      const turns = isThere ? 0 : (this.#orphans.get(wait) ?? 0) + 1;
      this.#orphans.set(wait, turns);
      if (turns > LAST_TURNS) yield `nobody watches fd ${wait.fd} for a wait`;
    }
  }
}

/** Each transfer is in the multi, and the counts are those of a recount. */
function* brokenJobs({ jobs, multi, rests }: Parts): Wrongs {
  let paused = 0, losable = 0;
  for (const job of jobs) {
    const { easy } = job;
    if (jobs.find(easy) !== job) yield "a transfer is booked under another's handle";
    if (easy.resources.pointer === null) yield "the handle of a transfer in flight is closed";
    else if (easy.multi !== multiStateOf(multi)) {
      yield "the handle of a transfer is not in the multi";
    }
    if (job.paused !== (easy.paused !== 0)) {
      yield `a transfer counts as ${job.paused ? "" : "not "}paused, its handle does not agree`;
    }
    if (job.paused) paused++;
    if (job.mayBeLost) losable++;
  }
  if (jobs.holding !== jobs.size - paused) {
    yield `${jobs.size - jobs.holding} transfers count as paused, ${paused} are`;
  }
  if (jobs.anyLosable !== losable > 0) yield `${losable} transfers may be lost, which is not known`;
  if (!rests) return;
  for (const easy of multiStateOf(multi).easies) {
    if (!jobs.find(easy) && !easy.run.connected) yield "a finished handle is still added";
  }
}

/** Who waits for its turn is in flight, and comes to it. */
function* brokenTurns({ fairness, jobs }: Parts): Wrongs {
  const waiting = new Set<EasyState>();
  for (const easy of fairness) {
    if (waiting.has(easy)) yield "a transfer waits twice for its turn";
    waiting.add(easy);
    if (!jobs.find(easy)) yield "one that is over waits for its turn";
    if (!easy.run.pausedForFairness) yield "one that is not held waits for its turn";
  }
  for (const { easy } of jobs) {
    if (easy.run.pausedForFairness && !waiting.has(easy)) {
      yield "a held transfer has no turn to come";
    }
  }
}

function* brokenSocket(socket: Readonly<Socket>, { rests }: Parts): Wrongs {
  const { fd, interest, awaited, registered, announced, dirty } = socket,
    wanted = interest | awaited;
  if (wanted === 0 && !announced) yield `fd ${fd} is kept, though its end is not announced`;
  if (dirty && rests) yield `a change of fd ${fd} was not applied`;
  if (dirty) return;
  if (wanted !== 0 && registered !== wanted) {
    yield `fd ${fd} is watched for ${registered} instead of ${wanted}`;
  }
  if (wanted === 0 && registered & WRITE) yield `the idle fd ${fd} is watched for writing`;
}

function* brokenWanted(sockets: Sockets): Wrongs {
  let wanted = 0;
  const generations = new Set<number>();
  for (const { fd, interest, generation } of sockets.entries()) {
    if (interest !== 0) wanted++;
    if (generations.has(generation)) yield `fd ${fd} has the generation of another`;
    generations.add(generation);
  }
  if (wanted !== sockets.wanted) yield `${sockets.wanted} sockets count as wanted, ${wanted} are`;
}

/** What the poller was told is what the kernel knows. */
function* brokenKernel({ sockets, pollerFd }: Parts): Wrongs {
  const kernel = readKernel(pollerFd);
  if (!kernel) return;
  const known = new Map<number, Registration>();
  for (const registration of kernel) {
    const { fd, tag } = registration;
    if (tag === 0) continue; // the poller's own, to be woken by
    if (known.has(fd)) yield `the kernel watches two files as fd ${fd}`;
    known.set(fd, registration);
  }
  for (const { fd, registered, generation } of sockets.entries()) {
    const there = known.get(fd);
    known.delete(fd);
    if (registered === 0) {
      if (there) yield `the kernel watches fd ${fd}, which was given up`;
    } else if (!there) yield `the kernel does not watch fd ${fd}`;
    else if (there.interest !== registered) {
      yield `the kernel watches fd ${fd} for ${there.interest} instead of ${registered}`;
    } else if (there.tag !== generation) yield `the kernel knows a former life of fd ${fd}`;
  }
  for (const fd of known.keys()) yield `the kernel watches fd ${fd}, which nobody knows`;
}

/** There is an alarm, no later than libcurl wants it, and something that wakes the agent. */
function* brokenDeadline(parts: Parts): Wrongs {
  const { deadline, multi, jobs, sockets, fairness, rests } = parts;
  if (!rests) return;
  const wants = multi.timeout(), left = deadline.remaining;
  if (deadline.pending && !deadline.armed) yield "there is a deadline, but no alarm";
  if (wants >= 0 && left - wants > LATE_MS) {
    yield `libcurl wants its timeout in ${wants} ms, the alarm is in ${left} ms`;
  }
  if (fairness.size > 0) yield "the loop rests while transfers wait for their turn";
  // a connection that a CONNECT_ONLY handle keeps may be the last of maxConnections
  const kept = [...multiStateOf(multi).easies].some((easy) => easy.run.connected);
  if (kept || jobs.anyLosable) return;
  if (jobs.holding > 0 && sockets.wanted === 0 && !deadline.pending) {
    yield `nothing will wake ${jobs.holding} transfers`;
  }
}

/** The counts of the parking, by which the process stays alive. */
function* brokenPlaces(): Wrongs {
  const places = [...parking.places()];
  const waiting = places.filter(({ waits }) => waits).length;
  const holding = places.filter(({ holds }) => holds).length;
  if (waiting !== parking.waiting || holding !== parking.holding) {
    const counted = `${parking.waiting} as waiting and ${parking.holding} as holding`;
    yield `of the agents ${counted} are counted, ${waiting} and ${holding} are`;
  }
}
