/**
 * The invariants of an agent, checked after each turn of its loop where the environment variable
 * CURLEW_DEBUG is 1: ownership, counts and states of the handles, and that the driver's records
 * agree with each other, with libcurl and with the kernel.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { native } from "../../../ffi/mod.ts";
import type { EasyState } from "../../handles/core/easy_state.ts";
import { brokenCounts, brokenMulti } from "../../handles/invariants.ts";
import { multiStateOf } from "../../handles/multi/multi.ts";
import type { DrivenMulti } from "../driven_multi.ts";
import { parking } from "../parking/parking.ts";
import { WRITE } from "../poller/poller.ts";
import type { SocketWait } from "../socket_waits.ts";
import type { Socket, Sockets } from "../sockets.ts";
import type { Deadline } from "../timing/deadline.ts";
import { readRegistrations, type Registration } from "./epoll_registrations.ts";

/** The parts of an agent, as they are at the end of a turn. */
export interface Parts {
  readonly driven: DrivenMulti;
  readonly deadline: Deadline;
  /** The poller's descriptor. */
  readonly pollerFd: number;
  /** Whether no turn is scheduled: nothing is left to do until an event comes. */
  isIdle(): boolean;
}

/** What the kernel watches; `null` where it was not read. */
type Registrations = readonly Registration[] | null;

/** The violations that a check has found, one sentence each. */
type Violations = Generator<string, void, undefined>;

/**
 * With more transfers and sockets than MANY only every 64th turn is checked: a check visits them
 * all.
 */
const MANY = 256, SELDOM = 64;
/**
 * Reading the kernel's list takes longer than the other checks: after 200 turns it is read at every
 * 16th turn only.
 */
const KERNEL_TURNS = 200, KERNEL_SELDOM = 16;
/**
 * The timer may fire this much later than libcurl's deadline: time passes between the two calls.
 */
const LATE_MS = 2000;
/** A wait whose socket was closed has to end within this many turns. */
const LAST_TURNS = 3;

/** Whether the environment variable turns the checks on. */
export function isDebugging(): boolean {
  return native.env("CURLEW_DEBUG") === "1";
}

/** The checks of one agent. */
export class Invariants {
  #turns = 0;
  /** The number of turns since the socket of a wait was closed. */
  readonly #orphans = new WeakMap<SocketWait, number>();

  /** The violations as an error, `null` where there is none. Not to be called inside a callback. */
  check(parts: Parts): Error | null {
    const { transfers, sockets } = parts.driven, isMany = transfers.size + sockets.size > MANY;
    if (this.#turns++ % (isMany ? SELDOM : 1) !== 0) return null;
    // before all else: Deno runs microtasks while it loads a built-in module, so that user code may
    // start a transfer or close the agent inside this call
    const registrations = this.#isKernelDue() ? readRegistrations(parts.pollerFd) : null;
    if (parts.driven.multi.closed) return null;
    const violations = [...new Set(this.#violations(parts, registrations))];
    if (violations.length === 0) return null;
    return new Error(`CURLEW_DEBUG: after turn ${this.#turns}: ${violations.join("; ")}`);
  }

  #isKernelDue(): boolean {
    return this.#turns < KERNEL_TURNS || this.#turns % KERNEL_SELDOM === 0;
  }

  *#violations(parts: Parts, registrations: Registrations): Violations {
    const { driven } = parts, { sockets } = driven;
    yield* brokenCounts();
    yield* brokenMulti(driven.multi);
    yield* brokenTransfers(parts);
    yield* brokenFairness(driven);
    yield* brokenAnswers(driven);
    for (const socket of sockets.entries()) yield* brokenSocket(socket, parts);
    yield* brokenWanted(sockets);
    if (registrations) yield* brokenKernel(driven, registrations);
    yield* this.#brokenWaits(driven);
    yield* brokenDeadline(parts);
    yield* brokenParking();
  }

  *#brokenWaits({ waits, sockets, multi }: DrivenMulti): Violations {
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
      // a socket that is closed outside a turn ends its waits only in the next turn
      const turns = isThere ? 0 : (this.#orphans.get(wait) ?? 0) + 1;
      this.#orphans.set(wait, turns);
      if (turns > LAST_TURNS) yield `fd ${wait.fd} is not watched for a wait`;
    }
  }
}

/** Each transfer is in the multi handle, and the counts equal a recount. */
function* brokenTransfers(parts: Parts): Violations {
  const { transfers, multi } = parts.driven;
  let paused = 0, receiving = 0;
  for (const transfer of transfers) {
    const { easy } = transfer;
    if (transfers.find(easy) !== transfer) yield "a transfer is booked under another's handle";
    if (easy.resources.pointer === null) yield "the handle of a transfer in flight is closed";
    else if (easy.multi !== multiStateOf(multi)) {
      yield "the handle of a transfer is not in the multi";
    }
    if (transfer.paused !== easy.paused) {
      yield `a transfer has the pause bits ${transfer.paused}, its handle ${easy.paused}`;
    }
    if (transfer.paused !== 0) paused++;
    if ((transfer.paused & flags.CURLPAUSE_RECV) === 0) receiving++;
  }
  if (transfers.receiving !== receiving) {
    yield `${transfers.receiving} transfers count as receiving, ${receiving} are`;
  }
  if (transfers.runnable !== transfers.size - paused) {
    yield `${transfers.size - transfers.runnable} transfers count as paused, ${paused} are`;
  }
  for (const transfer of transfers.watchlist) {
    if (transfers.find(transfer.easy) !== transfer) yield "a transfer that is over is watched";
  }
  if (!parts.isIdle()) return;
  for (const easy of multiStateOf(multi).easies) {
    if (!transfers.find(easy) && !easy.run.connected) yield "a finished handle is still added";
  }
}

/** A transfer that is paused for fairness is in flight, and is in the queue once. */
function* brokenFairness({ fairness, transfers }: DrivenMulti): Violations {
  const queued = new Set<EasyState>();
  for (const easy of fairness) {
    if (queued.has(easy)) yield "a transfer waits twice for its turn";
    queued.add(easy);
    if (!transfers.find(easy)) yield "a transfer that is over waits for its turn";
    if (!easy.run.pausedForFairness) yield "a transfer that is not held waits for its turn";
  }
  for (const { easy } of transfers) {
    if (easy.run.pausedForFairness && !queued.has(easy)) {
      yield "a held transfer has no turn to come";
    }
  }
}

/** A transfer that may end with its answer, before its upload, is in flight. */
function* brokenAnswers({ answers, transfers }: DrivenMulti): Violations {
  for (const easy of answers) {
    if (!transfers.find(easy)) yield "the answer of a transfer that is over is waited for";
  }
}

function* brokenSocket(socket: Readonly<Socket>, parts: Parts): Violations {
  const { fd, interest, awaited, registered, announced, dirty } = socket,
    wanted = interest | awaited;
  if (wanted === 0 && !announced) yield `fd ${fd} is kept, though its end is not announced`;
  if (dirty && parts.isIdle()) yield `a change of fd ${fd} was not applied`;
  if (dirty) return;
  if (wanted !== 0 && registered !== wanted) {
    yield `fd ${fd} is watched for ${registered} instead of ${wanted}`;
  }
  if (wanted === 0 && registered & WRITE) yield `the idle fd ${fd} is watched for writing`;
}

function* brokenWanted(sockets: Sockets): Violations {
  let wanted = 0;
  const generations = new Set<number>();
  for (const { fd, interest, generation } of sockets.entries()) {
    if (interest !== 0) wanted++;
    if (generations.has(generation)) yield `fd ${fd} has the generation of another`;
    generations.add(generation);
  }
  if (wanted !== sockets.wanted) yield `${sockets.wanted} sockets count as wanted, ${wanted} are`;
}

/** The driver's registrations equal those of the kernel. */
function* brokenKernel(
  { sockets }: DrivenMulti,
  registrations: readonly Registration[],
): Violations {
  const known = new Map<number, Registration>();
  for (const registration of registrations) {
    const { fd, tag } = registration;
    if (tag === 0) continue; // the poller's own eventfd
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
  for (const fd of known.keys()) {
    yield `the kernel watches fd ${fd}, of which the driver has no record`;
  }
}

/** A timer is set, no later than libcurl's deadline, and something will start the next turn. */
function* brokenDeadline(parts: Parts): Violations {
  const { driven: { multi, transfers, sockets, fairness }, deadline } = parts;
  if (!parts.isIdle()) return;
  const wants = multi.timeout(), left = deadline.remaining;
  if (deadline.pending && !deadline.armed) yield "there is a deadline, but no alarm";
  if (wants >= 0 && left - wants > LATE_MS) {
    yield `libcurl wants its timeout in ${wants} ms, the alarm is in ${left} ms`;
  }
  if (fairness.size > 0) yield "the loop rests while transfers wait for their turn";
  // a connection that a CONNECT_ONLY handle keeps may be the last of maxConnections
  const isKept = [...multiStateOf(multi).easies].some((easy) => easy.run.connected);
  if (isKept || transfers.watchlist.size > 0) return;
  if (transfers.runnable > 0 && sockets.wanted === 0 && !deadline.pending) {
    yield `nothing will wake ${transfers.runnable} transfers`;
  }
}

/** The counts of waiting agents, by which the process stays alive, equal a recount. */
function* brokenParking(): Violations {
  const places = [...parking.places()];
  const waiting = places.filter((place) => place.isWaiting).length;
  const keepingAlive = places.filter((place) => place.keepsProcessAlive).length;
  if (waiting !== parking.waiting || keepingAlive !== parking.keepingAlive) {
    const counted = `${parking.waiting} as waiting and ${parking.keepingAlive} as keeping alive`;
    yield `of the agents ${counted} are counted, ${waiting} and ${keepingAlive} are`;
  }
}
