/**
 * The loop of an agent: one multi handle, its sockets in a poller, and turns that serve what is due
 * and ready until nothing is.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { Code, CurlEasyError, CurlMultiError } from "../errors.ts";
import { holdConnection } from "../handles/easy/connect_only.ts";
import type { EasyState } from "../handles/core/easy_state.ts";
import { type Easy, isEasy, stateOf } from "../handles/easy/easy.ts";
import { getInfo } from "../handles/easy/infos.ts";
import { type Message, type Multi, multiStateOf } from "../handles/multi/multi.ts";
import type { MultiObserver } from "../handles/multi/state.ts";
import { type AgentOptions, multiFor } from "./agent_options.ts";
import { Fairness } from "./timing/fairness.ts";
import { Invariants, isDebugging } from "./debug/invariants.ts";
import { type Job, Jobs, type Waiting } from "./transfers.ts";
import { parking } from "./parking/parking.ts";
import { createPoller } from "./poller/create.ts";
import type { Poller } from "./poller/poller.ts";
import { Leftovers } from "./quirks/leftovers.ts";
import { Nudge } from "./quirks/lost_events.ts";
import { type Quirks, quirksOf } from "./quirks/quirks.ts";
import { Sockets } from "./sockets.ts";
import { Spin } from "./timing/spin.ts";
import { Timeouts } from "./timing/queued_timeouts.ts";
import { Deadline } from "./timing/deadline.ts";
import { type SocketWaitOutcome, SocketWaits } from "./socket_waits.ts";
import { WakeFd } from "./quirks/wake_fd.ts";

/** A turn ends after so many rounds or a slice, and the application has its say. */
const ROUNDS = 32;
const SOCKET_TIMEOUT = -1, NEVER = -1;

/** See the module. */
export class Loop {
  readonly #options: AgentOptions;
  readonly #quirks: Quirks = quirksOf();
  readonly #jobs: Jobs = new Jobs(this.#quirks.loses);
  readonly #nudge = new Nudge(() => this.#schedule());
  readonly #leftovers = this.#quirks.leavesRead ? new Leftovers(() => this.#schedule()) : null;
  readonly #fairness = new Fairness();
  readonly #spin = new Spin();
  readonly #timeouts = new Timeouts(this.#jobs, () => this.#schedule());
  readonly #deadline = new Deadline(() => this.#schedule());
  readonly #poller: Poller = createPoller();
  readonly #invariants: Invariants | null = isDebugging() ? new Invariants() : null;
  #multi: Multi;
  #sockets: Sockets;
  #waits: SocketWaits;
  #wakeFd: WakeFd | null = null;
  #scheduled = false;
  #inTurn = false;
  /** Whether a transfer came to its end in this turn: whoever waited for it has its say soon. */
  #anyOver = false;
  /** Somebody outside has to have a say before there is more to do. */
  #isEnough = false;
  #turns = 0;
  #cache: number;
  #closed = false;

  /** Makes a loop with a place in the thread's parking. Throws as `Agent` does. */
  constructor(options: AgentOptions) {
    this.#options = options;
    this.#cache = options.maxCachedConnections ?? 64;
    try {
      [this.#multi, this.#sockets, this.#waits] = this.#createMulti();
    } catch (error) {
      this.#poller.close();
      throw error;
    }
    try {
      parking.enter(this.#poller.fd, { wakeUp: () => this.#turn() });
    } catch (error) {
      this.#multi.close();
      this.#poller.close();
      throw error;
    }
  }

  #createMulti(): [Multi, Sockets, SocketWaits] {
    const { closesMutely, neverDrains } = this.#quirks;
    this.#wakeFd = neverDrains ? new WakeFd() : null;
    const sockets = new Sockets(this.#poller, closesMutely);
    const waits = new SocketWaits(sockets, () => this.#parkSoon());
    const multi = multiFor(this.#options, this.#cache);
    multiStateOf(multi).observe(this.#observer(sockets));
    return [multi, sockets, waits];
  }

  /** What libcurl's callbacks do: bookkeeping, and a turn soon. */
  #observer(sockets: Sockets): MultiObserver {
    return {
      socket: (fd, what) => {
        this.#wakeFd?.socket(fd, what);
        sockets.socket(fd, what);
        this.#schedule();
      },
      touched: () => this.#schedule(),
      opened: (fd) => {
        this.#wakeFd?.gone(fd);
        // one whose end is not told is not kept: its number has a new life, that is all
        if (this.#quirks.nssCloses) sockets.closing(fd);
        else sockets.opened(fd);
      },
      closing: (fd) => sockets.closing(fd),
      removed: (easy) => this.#removed(easy),
      mustWait: (easy, bytes) => this.#fairness.mustWait(easy, bytes),
      paused: (easy, paused) => {
        this.#jobs.pause(easy, paused);
        if (paused) this.#leftovers?.left(easy, this.#jobs.size - 1);
        this.#schedule();
      },
    };
  }

  /** How many transfers are in flight. */
  get size(): number {
    return this.#jobs.size;
  }

  /** How often it ran. */
  get turns(): number {
    return this.#turns;
  }

  /** Its sockets. */
  get sockets(): Sockets {
    return this.#sockets;
  }

  /** Starts a transfer. Throws what adding it failed with. */
  run(easy: Easy, signal: AbortSignal | null | undefined, waiting: Waiting): void {
    this.#add(easy);
    const job = this.#jobs.add(stateOf(easy), waiting);
    this.#schedule();
    this.#timeouts.watch(job);
    if (signal) job.listen(signal, () => this.#abort(job, signal.reason));
  }

  /**
   * Waits for a direction of the socket that a CONNECT_ONLY transfer has left. Throws where there
   * is none.
   */
  wait(easy: Easy, direction: number, outcome: SocketWaitOutcome, signal?: AbortSignal): void {
    const state = isEasy(easy) ? stateOf(easy) : null;
    if (state?.multi !== multiStateOf(this.#multi) || !state.run.connected) {
      throw new CurlEasyError(
        Code.BAD_FUNCTION_ARGUMENT,
        "Cannot wait for the easy handle: expected a CONNECT_ONLY one that this agent has connected",
      );
    }
    const fd = getInfo(state, "ACTIVESOCKET");
    if (fd < 0) throw new CurlEasyError(Code.RECV_ERROR, "The connection is gone");
    this.#waits.start(state, fd, direction, outcome, signal);
  }

  #add(easy: Easy): void {
    if (this.#multi.closed) [this.#multi, this.#sockets, this.#waits] = this.#createMulti();
    const { share } = this.#options;
    if (share && isEasy(easy) && stateOf(easy).share === undefined) {
      easy.setOpt("SHARE", share);
    }
    if (this.#wakeFd) this.#wakeFd.adding(() => this.#multi.addHandle(easy));
    else this.#multi.addHandle(easy);
    // the cache is as large as the load was, so that a burst keeps its connections
    if (this.#options.maxCachedConnections === undefined && this.#jobs.size >= this.#cache) {
      this.#multi.setOpt("MAXCONNECTS", this.#cache *= 2);
    }
  }

  #abort(job: Job, reason: unknown): void {
    if (multiStateOf(this.#multi).inCallback) {
      // libcurl refuses: then it is work for later, however the transfer ends until then
      job.aborted = { reason };
      setImmediate(() => this.#abort(job, reason));
    } else if (this.#jobs.take(job)) {
      this.#remove(job.easy);
      job.reject(reason);
      this.#schedule();
    }
  }

  /** A handle was taken out, by somebody else where there is still a job: it was closed. */
  #removed(easy: EasyState): void {
    this.#fairness.forget(easy);
    this.#leftovers?.left(easy, this.#jobs.size);
    const job = this.#jobs.find(easy),
      error = () => new CurlEasyError(Code.ABORTED_BY_CALLBACK, "The easy handle was closed");
    if (job) {
      this.#jobs.take(job);
      job.reject(error());
    } else if (this.#waits.has(easy)) this.#waits.reject(easy, error());
    this.#schedule(); // also where nobody waited for it: another may have its connection now
  }

  /** Has a turn come soon, from a macrotask of its own. */
  #schedule(): void {
    if (this.#scheduled || this.#inTurn || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  /** Serves what is due and ready, until nothing is or the slice is over. */
  #turn(): void {
    if (this.#inTurn || this.#closed || this.#multi.closed) return;
    this.#inTurn = true;
    this.#turns++;
    let more: boolean;
    try {
      more = this.#rounds();
    } catch (error) {
      this.#discard(error);
      more = false;
    } finally {
      this.#inTurn = false;
    }
    if (more) this.#schedule();
    else this.#park();
    if (this.#invariants !== null && !this.#multi.closed) this.#check(this.#invariants, !more);
  }

  /** What is wrong is told everywhere, so that no test passes with it. */
  #check(invariants: Invariants, rests: boolean): void {
    const wrong = invariants.check({
      multi: this.#multi,
      jobs: this.#jobs,
      sockets: this.#sockets,
      waits: this.#waits,
      fairness: this.#fairness,
      deadline: this.#deadline,
      pollerFd: this.#poller.fd,
      rests,
    });
    if (wrong === null) return;
    setImmediate(() => {
      throw wrong; // after reportError() Bun would go on
    });
    this.#discard(wrong);
    this.#park();
  }

  #rounds(): boolean {
    const end = performance.now() + this.#fairness.sliceMs;
    this.#fairness.begin(end);
    this.#anyOver = this.#isEnough = false;
    try {
      for (let round = 1;; round++) {
        // whoever waited for one that is over may begin another: that is worth a turn
        if (!this.#round(end) && !this.#looksAgain()) {
          return this.#anyOver && this.#jobs.holding > 0;
        }
        if (round >= ROUNDS || this.#isEnough || performance.now() >= end) return true;
      }
    } finally {
      this.#fairness.begin(Infinity);
    }
  }

  /** The turn that goes on ends after this round. */
  endTurn(): void {
    this.#isEnough = true;
  }

  /** Whether it is worth another look where nothing happened. */
  #looksAgain(): boolean {
    return !this.#anyOver && this.#jobs.holding > 0 && this.#spin.looksAgain();
  }

  /** @returns whether anything happened, so that another look is due. */
  #round(end: number): boolean {
    this.#fairness.next((easy, error) => this.#fail(easy, error));
    const multi = this.#multi;
    const due = multi.timeout() === 0 || this.#deadline.take();
    if (due) multi.socketAction(SOCKET_TIMEOUT, 0);
    const looked = this.#leftovers?.due() ?? false;
    if (looked) multi.socketAll();
    this.#sockets.apply();
    const action = (fd: number, mask: number) => {
      this.#wakeFd?.drain(fd);
      multi.socketAction(fd, mask);
    };
    // half a slice for sockets in any case, where a large transfer has used it up
    const least = performance.now() + this.#fairness.sliceMs / 2;
    const isOver = () => performance.now() >= Math.max(end, least);
    const served = this.#sockets.serve(action, isOver);
    this.#sockets.apply();
    const finished = this.#drain();
    if (finished) this.#anyOver = true;
    if (served > 0) this.#spin.served();
    else if (due || finished) this.#spin.restart();
    for (const job of this.#timeouts.late()) this.#timeOut(job);
    const busy = due || looked || served > 0 || finished || this.#fairness.size > 0;
    if (!this.#quirks.loses) return busy;
    return this.#nudge.after(busy, this.#jobs, () => multi.socketAll());
  }

  /** Settles the transfers that are over. */
  #drain(): boolean {
    let any = false;
    for (let message = this.#multi.infoRead(); message; message = this.#multi.infoRead()) {
      any = true;
      this.#finish(message);
    }
    return any;
  }

  #finish({ easy, error }: Message): void {
    const state = stateOf(easy), job = this.#jobs.find(state);
    if (!job) return;
    this.#jobs.take(job);
    // removing a CONNECT_ONLY handle would close its connection
    if (error || job.aborted || !state.settings.connectOnly) this.#remove(state);
    else holdConnection(state);
    if (error) job.reject(error);
    else job.resolve(easy);
  }

  #timeOut({ easy }: Job): void {
    const text = `Operation timed out after ${easy.settings.timeoutMs} milliseconds`;
    this.#fail(easy, new CurlEasyError(Code.OPERATION_TIMEDOUT, text));
  }

  /** Ends a transfer that libcurl itself would not end. */
  #fail(easy: EasyState, error: unknown): void {
    const job = this.#jobs.find(easy);
    if (!job) return;
    this.#jobs.take(job);
    this.#remove(easy);
    job.reject(error);
  }

  #remove(easy: EasyState): void {
    multiStateOf(this.#multi).remove(easy);
  }

  /** After an error of the multi interface nothing in it can be trusted. */
  #discard(cause: unknown): void {
    const broken = this.#multi, jobs = this.#jobs.takeAll();
    if (jobs.length === 0 && this.#waits.size === 0) reportError(cause);
    for (const job of jobs) job.reject(cause);
    this.#waits.rejectAll(cause);
    try {
      broken.close();
      [this.#multi, this.#sockets, this.#waits] = this.#createMulti();
    } catch (error) {
      // where there cannot be another one now, the next transfer tries again
      if (!(error instanceof CurlMultiError)) throw error;
    }
  }

  /** Parks unless there is a turn, which does so at its end. */
  #parkSoon(): void {
    if (!this.#inTurn && !this.#scheduled && !this.#closed) this.#park();
  }

  /** Leaves it to the runtime to wait. */
  #park(): void {
    const holds = this.#jobs.holding > 0 || this.#waits.size > 0;
    const waits = holds || this.#jobs.size > 0 || this.#sockets.wanted > 0;
    this.#deadline.set(this.#multi.closed ? NEVER : this.#multi.timeout());
    if (this.#deadline.pending) this.#deadline.arm();
    parking.update(this.#poller.fd, waits, holds, this.#sockets.size);
  }

  /** Whether it may not be closed now: a turn or a callback is on the stack. */
  get isBusy(): boolean {
    return this.#inTurn || multiStateOf(this.#multi).inCallback;
  }

  /** There are no more turns. */
  stop(): void {
    this.#closed = true;
  }

  /** Ends all transfers and waits with that error, and frees everything. */
  close(reason: () => CurlEasyError, before: () => void): void {
    this.#deadline.disarm();
    this.#nudge.end();
    this.#leftovers?.end();
    this.#timeouts.end();
    this.#waits.rejectAll(reason());
    for (const job of this.#jobs.takeAll()) {
      this.#remove(job.easy);
      job.reject(reason());
    }
    before();
    try {
      this.#multi.close();
    } finally {
      parking.leave(this.#poller.fd);
      this.#poller.close();
    }
  }
}
