/**
 * The event loop of an agent, for one connection class. It runs in turns, each in a macrotask of
 * its own: a turn serves what is due and ready until nothing is left, or its time is over. Between
 * turns the runtime's event loop waits.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { type CurlEasyError, CurlMultiError } from "../errors.ts";
import type { EasyState } from "../handles/core/easy_state.ts";
import type { Easy } from "../handles/easy/easy.ts";
import type { Multi } from "../handles/multi/multi.ts";
import { isInstance } from "../untrusted.ts";
import type { AgentOptions } from "./agent_options.ts";
import { Invariants, isDebugging } from "./debug/invariants.ts";
import { DrivenMulti } from "./driven_multi.ts";
import { parking } from "./parking/parking.ts";
import { createPoller } from "./poller/create.ts";
import type { Poller } from "./poller/poller.ts";
import type { SocketWaitOutcome } from "./socket_waits.ts";
import { Deadline } from "./timing/deadline.ts";
import { QueuedStarts } from "./queued_starts.ts";
import { Spin } from "./timing/spin.ts";
import type { TransferOutcome } from "./transfers.ts";

/** The largest number of rounds of a turn. `timing/fairness.ts` limits its time. */
const ROUNDS = 32;
const CACHED_CONNECTIONS = 64;
const NO_TIMEOUT = -1;

/** The event loop of one connection class of an agent. */
export class Loop {
  readonly #options: AgentOptions;
  readonly #poller: Poller = createPoller();
  readonly #deadline = new Deadline(() => this.#schedule());
  readonly #spin = new Spin();
  readonly #invariants: Invariants | null = isDebugging() ? new Invariants() : null;
  /** The multi handle in use, which is replaced after an error of the multi interface. */
  #driven: DrivenMulti;
  readonly #starts = new QueuedStarts();
  #scheduled = false;
  #inTurn = false;
  /** A transfer has ended in this turn: the code that awaits it may start another one. */
  #anyFinished = false;
  /** Set by {@linkcode endTurn}: the turn ends after this round so that user code can run. */
  #turnEnds = false;
  #turns = 0;
  #closed = false;

  /** Makes a loop, and registers its poller with the thread's parking. Throws as `Agent` does. */
  constructor(options: AgentOptions) {
    this.#options = options;
    try {
      this.#driven = this.#createMulti(options.maxCachedConnections ?? CACHED_CONNECTIONS);
    } catch (error) {
      this.#poller.close();
      throw error;
    }
    try {
      parking.enter(this.#poller.fd, { wakeUp: () => this.#turn() });
    } catch (error) {
      this.#driven.close();
      this.#poller.close();
      throw error;
    }
  }

  #createMulti(cacheSize: number): DrivenMulti {
    const scheduler = { schedule: () => this.#schedule(), parkSoon: () => this.#parkSoon() };
    return new DrivenMulti(this.#options, cacheSize, this.#poller, scheduler);
  }

  /** The multi handle, which is replaced after an error of the multi interface. */
  get multi(): Multi {
    return this.#driven.multi;
  }

  /** How many transfers are in flight. */
  get size(): number {
    return this.#driven.transfers.size + this.#starts.size;
  }

  /** The number of open sockets, those of idle connections included. */
  get sockets(): number {
    return this.#driven.sockets.size;
  }

  /** The number of turns so far. */
  get turns(): number {
    return this.#turns;
  }

  /** Whether the handle is added to the multi handle. */
  holds(easy: EasyState): boolean {
    return this.#driven.holds(easy);
  }

  /** Whether no handle is added, not even a CONNECT_ONLY one, and no turn is on the stack. */
  get isIdle(): boolean {
    return this.#driven.isEmpty && this.#starts.size === 0 && !this.isBusy;
  }

  /** Starts a transfer. Throws the error of adding the handle. */
  run(easy: Easy, outcome: TransferOutcome, signal: AbortSignal | null = null): void {
    if (this.#driven.multi.closed) this.#driven = this.#createMulti(this.#driven.cacheSize);
    if (this.#driven.inCallback) {
      this.#starts.add(easy, outcome, signal);
      return this.#schedule();
    }
    this.#driven.start(easy, outcome, signal);
  }

  /** Starts a wait for the socket of a CONNECT_ONLY transfer. Throws where the handle has none. */
  wait(easy: Easy, direction: number, outcome: SocketWaitOutcome, signal?: AbortSignal): void {
    this.#driven.wait(easy, direction, outcome, signal);
  }

  /** Ends the turn in progress after the current round. */
  endTurn(): void {
    this.#turnEnds = true;
  }

  /** Registers a transfer that libcurl adds itself, because the server pushes it. */
  expectPushed(easy: Easy, outcome: TransferOutcome): void {
    this.#driven.expectPushed(easy, outcome);
  }

  /** Schedules a turn, in a macrotask of its own. */
  #schedule(): void {
    if (this.#scheduled || this.#inTurn || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#inTurn || this.#closed || this.#driven.multi.closed) return;
    this.#inTurn = true;
    this.#turns++;
    let more: boolean;
    try {
      more = this.#rounds(this.#driven);
    } catch (error) {
      this.#replaceMulti(error);
      more = false;
    } finally {
      this.#inTurn = false;
    }
    more ||= this.#starts.size > 0;
    if (more) this.#schedule();
    else this.#park();
    if (this.#invariants !== null && !this.#driven.multi.closed) {
      this.#check(this.#invariants);
    }
  }

  /**
   * Makes rounds until nothing is left to do or the turn's time is over. Returns whether another
   * turn is needed.
   */
  #rounds(driven: DrivenMulti): boolean {
    const { fairness, transfers } = driven, end = performance.now() + fairness.sliceMs;
    fairness.beginSlice(end);
    this.#anyFinished = this.#turnEnds = false;
    try {
      for (let round = 1;; round++) {
        if (!this.#round(driven, end) && !this.#looksAgain(driven)) {
          return this.#anyFinished && transfers.runnable > 0;
        }
        if (round >= ROUNDS || this.#turnEnds || performance.now() >= end) return true;
      }
    } finally {
      fairness.endSlice();
    }
  }

  /** Whether to make another round although nothing happened in the last one. */
  #looksAgain({ transfers }: DrivenMulti): boolean {
    return !this.#anyFinished && transfers.runnable > 0 && this.#spin.looksAgain();
  }

  /** Starts the queued transfers, unless a callback of this multi handle is on the stack. */
  #startQueued(driven: DrivenMulti): boolean {
    if (this.#starts.size === 0 || this.#closed || driven.inCallback) return false;
    return this.#starts.start((easy, outcome, signal) => driven.start(easy, outcome, signal));
  }

  /** Serves everything once. Returns whether anything happened, so that another round is due. */
  #round(driven: DrivenMulti, end: number): boolean {
    const { fairness, remedies } = driven;
    const started = this.#startQueued(driven);
    driven.resumeNext();
    const failed = driven.settleFailed(); // before libcurl continues these transfers
    const due = driven.timeout() === 0 || this.#deadline.take();
    if (due) driven.runDue();
    const looked = driven.lookIfDue();
    // sockets get half a slice in any case, even where a large transfer has used up the slice
    const socketsEnd = Math.max(end, performance.now() + fairness.sliceMs / 2);
    const served = driven.serveSockets(() => performance.now() >= socketsEnd);
    const ended = driven.settleFinished(), answered = driven.settleAnswered();
    const finished = ended || answered || failed;
    if (finished) this.#anyFinished = true;
    if (served > 0) this.#spin.served();
    else if (due || finished) this.#spin.restart();
    driven.failLate();
    const busy = started || due || looked || served > 0 || finished || fairness.size > 0;
    return remedies.afterRound(busy, driven.transfers);
  }

  /**
   * Reports a violated invariant as a rejection and as an uncaught error, so that no test passes.
   */
  #check(invariants: Invariants): void {
    const violation = invariants.check({
      driven: this.#driven,
      deadline: this.#deadline,
      pollerFd: this.#poller.fd,
      isIdle: () => !this.#scheduled,
    });
    if (violation === null) return;
    setImmediate(() => {
      throw violation; // not reportError(): Bun would continue after it
    });
    this.#replaceMulti(violation);
    this.#park();
  }

  /** Rejects all transfers with the error, and replaces the multi handle. */
  #replaceMulti(cause: unknown): void {
    const broken = this.#driven;
    if (!broken.rejectAll(cause)) reportError(cause);
    try {
      broken.close();
      this.#driven = this.#createMulti(broken.cacheSize);
    } catch (error) {
      // where no multi handle can be made now, the next transfer tries again
      if (!isInstance(error, CurlMultiError)) throw error;
    }
  }

  /** Parks, unless a turn is in progress or scheduled, which parks at its end. */
  #parkSoon(): void {
    if (!this.#inTurn && !this.#scheduled && !this.#closed) this.#park();
  }

  /** Has the runtime wait for the sockets and the deadline. */
  #park(): void {
    const { multi, transfers, sockets, waits } = this.#driven;
    const keepsProcessAlive = transfers.receiving > 0 || waits.size > 0;
    const isWaiting = keepsProcessAlive || transfers.size > 0 || sockets.wanted > 0;
    this.#deadline.set(multi.closed ? NO_TIMEOUT : this.#driven.timeout());
    if (this.#deadline.pending) this.#deadline.arm();
    parking.update(this.#poller.fd, isWaiting, keepsProcessAlive, sockets.size);
  }

  /** Whether the loop must not be closed now: a turn or a callback is on the stack. */
  get isBusy(): boolean {
    return this.#inTurn || this.#driven.inCallback;
  }

  /** Stops the turns. */
  stop(): void {
    this.#closed = true;
  }

  /** Rejects all transfers and waits, calls `beforeClose`, and frees everything. */
  close(reason: () => CurlEasyError, beforeClose: () => void): void {
    this.#deadline.disarm();
    this.#starts.rejectAll(reason);
    this.#driven.removeAll(reason);
    beforeClose();
    try {
      this.#driven.close();
    } finally {
      parking.leave(this.#poller.fd);
      this.#poller.close();
    }
  }
}
