/**
 * The agent: transfers driven by the runtime's own event loop.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { easyOptions } from "../../ffi/curl/options.ts";
import { Code, CurlEasyError, CurlMultiError } from "../errors.ts";
import { holdConnection } from "../handles/connect_only.ts";
import { type Easy, isEasy, stateOf } from "../handles/easy.ts";
import { inCallback, type Message, type Multi, observe } from "../handles/multi.ts";
import type { MultiObserver } from "../handles/multi_state.ts";
import {
  type AgentOptions,
  type AgentStats,
  multiFor,
  type PerformOptions,
  signalOf,
  type WaitOptions,
} from "./agent_options.ts";
import { Fairness } from "./fairness.ts";
import { Invariants, isDebugging } from "./invariants.ts";
import { type Job, Jobs, type Waiting } from "./jobs.ts";
import { parking } from "./parking.ts";
import { createPoller, type Poller, READ, WRITE } from "./poller.ts";
import { Leftovers, Nudge } from "./nudge.ts";
import { type Quirks, quirksOf } from "./quirks.ts";
import { Sockets } from "./sockets.ts";
import { Spin } from "./spin.ts";
import { Timeouts } from "./timeouts.ts";
import { Deadline } from "./timer.ts";
import { Wait, Waits } from "./waits.ts";
import { WakeFd } from "./wake_fd.ts";

/**
 * As {@linkcode Agent.perform}, but without a promise: who waits is told as soon as the transfer
 * was taken out, in a turn of the agent, and must not throw. Throws where it cannot begin.
 */
export let performAtOnce: (
  agent: Agent,
  easy: Easy,
  signal: AbortSignal | null,
  waiting: Waiting,
) => void;
/** Has something done when an agent closes, or at once where it is closed. */
export let atClose: (agent: Agent, closer: () => void) => void;

/** A turn ends after so many rounds or a slice, and the application has its say. */
const ROUNDS = 32;
const SOCKET_TIMEOUT = -1, NEVER = -1;

/**
 * Runs many transfers at once without blocking: libcurl tells which sockets it waits for, one
 * poller watches them, and the runtime watches the poller.
 *
 * @example
 * ```ts
 * import { Agent, Easy } from "curlew";
 *
 * await using agent = new Agent();
 * const urls = ["https://example.com/", "https://example.org/"];
 * await Promise.all(urls.map(async (url) => {
 *   using easy = new Easy();
 *   easy.setOpts({ URL: url, TIMEOUT_MS: 10_000, WRITEFUNCTION: (bytes) => bytes.length });
 *   await agent.perform(easy);
 *   console.log(url, easy.getInfo("RESPONSE_CODE"));
 * }));
 * ```
 */
export class Agent {
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
  readonly #waits = new Waits(() => this.#parkSoon());
  readonly #invariants: Invariants | null = isDebugging() ? new Invariants() : null;
  #multi: Multi;
  #sockets: Sockets;
  #wakeFd: WakeFd | null = null;
  #scheduled = false;
  #inTurn = false;
  /** Whether a transfer came to its end in this turn: whoever waited for it has its say soon. */
  #anyOver = false;
  /** What is to be done when the agent closes. */
  readonly #closers: (() => void)[] = [];
  #turns = 0;
  #cache: number;
  #closing: Promise<void> | null = null;

  static {
    performAtOnce = (agent, easy, signal, waiting) => agent.#perform(easy, signal, waiting);
    atClose = (agent, closer) => {
      if (agent.#closing) closer();
      else agent.#closers.push(closer);
    };
  }

  /**
   * Makes an agent.
   *
   * @throws {CurlMultiError} for an option that libcurl refuses; CURLM_OUT_OF_MEMORY where the
   * system has no descriptor left.
   * @throws {CurlLoadError} where there is no libcurl.
   */
  constructor(options: AgentOptions = {}) {
    this.#options = options ?? {};
    this.#cache = this.#options.maxCachedConnections ?? 64;
    try {
      [this.#multi, this.#sockets] = this.#createMulti();
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

  #createMulti(): [Multi, Sockets] {
    const { closesMutely, neverDrains } = this.#quirks;
    this.#wakeFd = neverDrains ? new WakeFd() : null;
    const sockets = new Sockets(this.#poller, this.#waits, closesMutely);
    const multi = multiFor(this.#options, this.#cache);
    observe(multi, this.#observer(sockets));
    return [multi, sockets];
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
  get active(): number {
    return this.#jobs.size;
  }

  /** What the agent has done, for a curious reader. */
  get stats(): AgentStats {
    return { sockets: this.#sockets.size, turns: this.#turns, wakeUps: parking.wakeUps };
  }

  /**
   * Runs a transfer. A CONNECT_ONLY handle stays added until it is closed.
   *
   * @returns the handle, when the transfer is over.
   * @throws {CurlEasyError} what the transfer failed with; CURLE_ABORTED_BY_CALLBACK where the
   * handle or the agent was closed meanwhile.
   * @throws {CurlMultiError} CURLM_ADDED_ALREADY where the handle is in use.
   * @throws the signal's reason where it aborted.
   */
  perform(easy: Easy, options: PerformOptions = {}): Promise<Easy> {
    const waiting = Promise.withResolvers<Easy>();
    try {
      this.#perform(easy, signalOf(options), waiting);
    } catch (error) {
      waiting.reject(error);
    }
    return waiting.promise;
  }

  #perform(easy: Easy, signal: AbortSignal | null | undefined, waiting: Waiting): void {
    if (this.#closing) throw closedError();
    if (signal?.aborted) throw signal.reason;
    this.#start(easy);
    const job = this.#jobs.add(easy, waiting);
    this.#schedule();
    this.#timeouts.watch(job);
    if (signal) job.listen(signal, () => this.#abort(job, signal.reason));
  }

  /**
   * Waits until a CONNECT_ONLY handle that {@linkcode perform} has connected can receive, or its
   * peer has closed the connection. TLS keeps bytes that it has read: call `recv` until
   * CURLE_AGAIN before you wait. Like a transfer, a wait keeps the process alive.
   *
   * @throws {CurlEasyError} CURLE_ABORTED_BY_CALLBACK where the handle or the agent is closed,
   * CURLE_RECV_ERROR where libcurl has closed the connection, CURLE_BAD_FUNCTION_ARGUMENT for a
   * handle that this agent has not connected.
   * @throws the signal's reason where it aborted.
   *
   * @example
   * ```ts
   * import { Agent, type CurlEasyError, Easy } from "curlew";
   *
   * async function receive(agent: Agent, easy: Easy, buffer: Uint8Array<ArrayBuffer>) {
   *   for (;; await agent.readable(easy)) {
   *     try {
   *       return easy.recv(buffer);
   *     } catch (error) {
   *       if ((error as CurlEasyError).codeName !== "CURLE_AGAIN") throw error;
   *     }
   *   }
   * }
   *
   * await using agent = new Agent();
   * using easy = new Easy();
   * easy.setOpts({ URL: "http://localhost:7/", CONNECT_ONLY: 1, CONNECTTIMEOUT_MS: 500 });
   * try {
   *   await agent.perform(easy);
   *   easy.send(new TextEncoder().encode("hello"));
   *   console.log(await receive(agent, easy, new Uint8Array(100)), "bytes");
   * } catch (error) {
   *   console.log((error as CurlEasyError).codeName);
   * }
   * ```
   */
  readable(easy: Easy, options: WaitOptions = {}): Promise<void> {
    return this.#wait(easy, READ, options);
  }

  /**
   * Waits until a CONNECT_ONLY handle that {@linkcode perform} has connected can send. After a
   * CURLE_AGAIN, TLS wants the same bytes again, from the same array. Ends as
   * {@linkcode readable} does.
   */
  writable(easy: Easy, options: WaitOptions = {}): Promise<void> {
    return this.#wait(easy, WRITE, options);
  }

  #wait(easy: Easy, direction: number, options: WaitOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const signal = signalOf(options);
      if (this.#closing) throw closedError();
      if (signal?.aborted) throw signal.reason;
      const fd = this.#socketOf(easy);
      this.#sockets.await(fd, direction);
      const wait = new Wait(easy, fd, direction, resolve, reject);
      if (signal) wait.listen(signal, () => this.#endWait(wait, signal.reason));
      this.#waits.add(wait);
      this.#parkSoon();
    });
  }

  #socketOf(easy: Easy): number {
    const state = isEasy(easy) ? stateOf(easy) : null;
    if (state?.multi?.multi !== this.#multi || !state.connected) {
      throw new CurlEasyError(
        Code.BAD_FUNCTION_ARGUMENT,
        "Cannot wait for the easy handle: expected a CONNECT_ONLY one that this agent has connected",
      );
    }
    const fd = easy.getInfo("ACTIVESOCKET");
    if (fd < 0) throw new CurlEasyError(Code.RECV_ERROR, "The connection is gone");
    return fd;
  }

  #endWait(wait: Wait, reason: unknown): void {
    const others = this.#waits.take(wait);
    if (others === null) return;
    if (!others) this.#sockets.unawait(wait.fd, wait.direction);
    wait.reject(reason);
    this.#parkSoon();
  }

  #start(easy: Easy): void {
    if (this.#multi.closed) [this.#multi, this.#sockets] = this.#createMulti();
    const { share } = this.#options;
    if (share && isEasy(easy) && !stateOf(easy).uses.has(easyOptions.SHARE.id)) {
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
    if (inCallback(this.#multi)) {
      // libcurl refuses: then it is work for later, however the transfer ends until then
      job.aborted = { reason };
      setImmediate(() => this.#abort(job, reason));
    } else if (this.#jobs.take(job)) {
      this.#multi.removeHandle(job.easy);
      job.reject(reason);
      this.#schedule();
    }
  }

  /** A handle was taken out, by somebody else where there is still a job: it was closed. */
  #removed(easy: Easy): void {
    this.#fairness.forget(easy);
    this.#leftovers?.left(easy, this.#jobs.size);
    const job = this.#jobs.find(easy),
      error = () => new CurlEasyError(Code.ABORTED_BY_CALLBACK, "The easy handle was closed");
    if (job) {
      this.#jobs.take(job);
      job.reject(error());
    } else if (this.#waits.has(easy)) {
      // 7.74 keeps the connection open, and its socket would be watched on
      for (const { fd, direction } of this.#waits.end(easy, error())) {
        this.#sockets.unawait(fd, direction);
      }
    }
    this.#schedule(); // also where nobody waited for it: another may have its connection now
  }

  /** Has a turn come soon, from a macrotask of its own. */
  #schedule(): void {
    if (this.#scheduled || this.#inTurn || this.#closing) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  /** Serves what is due and ready, until nothing is or the slice is over. */
  #turn(): void {
    if (this.#inTurn || this.#closing || this.#multi.closed) return;
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
    this.#anyOver = false;
    try {
      for (let round = 1;; round++) {
        // whoever waited for one that is over may begin another: that is worth a turn
        if (!this.#round(end) && !this.#looksAgain()) {
          return this.#anyOver && this.#jobs.holding > 0;
        }
        if (round >= ROUNDS || performance.now() >= end) return true;
      }
    } finally {
      this.#fairness.begin(Infinity);
    }
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
    const job = this.#jobs.find(easy);
    if (!job) return;
    this.#jobs.take(job);
    const state = stateOf(easy);
    // removing a CONNECT_ONLY handle would close its connection
    if (error || job.aborted || !state.connected) this.#multi.removeHandle(easy);
    else holdConnection(state);
    if (error) job.reject(error);
    else job.resolve(easy);
  }

  #timeOut({ easy }: Job): void {
    const text = `Operation timed out after ${stateOf(easy).timeoutMs} milliseconds`;
    this.#fail(easy, new CurlEasyError(Code.OPERATION_TIMEDOUT, text));
  }

  /** Ends a transfer that libcurl itself would not end. */
  #fail(easy: Easy, error: unknown): void {
    const job = this.#jobs.find(easy);
    if (!job) return;
    this.#jobs.take(job);
    this.#multi.removeHandle(easy);
    job.reject(error);
  }

  /** After an error of the multi interface nothing in it can be trusted. */
  #discard(cause: unknown): void {
    const broken = this.#multi, jobs = this.#jobs.takeAll();
    if (jobs.length === 0 && this.#waits.size === 0) reportError(cause);
    for (const job of jobs) job.reject(cause);
    this.#waits.endAll(cause);
    try {
      broken.close();
      [this.#multi, this.#sockets] = this.#createMulti();
    } catch (error) {
      // where there cannot be another one now, the next transfer tries again
      if (!(error instanceof CurlMultiError)) throw error;
    }
  }

  /** Parks unless there is a turn, which does so at its end. */
  #parkSoon(): void {
    if (!this.#inTurn && !this.#scheduled && !this.#closing) this.#park();
  }

  /** Leaves it to the runtime to wait. */
  #park(): void {
    const holds = this.#jobs.holding > 0 || this.#waits.size > 0;
    const waits = holds || this.#jobs.size > 0 || this.#sockets.wanted > 0;
    this.#deadline.set(this.#multi.closed ? NEVER : this.#multi.timeout());
    if (this.#deadline.pending) this.#deadline.arm();
    parking.update(this.#poller.fd, waits, holds);
  }

  /**
   * Ends all transfers, closes the connections and frees everything. What is in flight rejects
   * with CURLE_ABORTED_BY_CALLBACK, as later performs do.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    while (this.#inTurn || inCallback(this.#multi)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#deadline.disarm();
    this.#nudge.end();
    this.#leftovers?.end();
    this.#timeouts.end();
    this.#waits.endAll(closedError());
    for (const job of this.#jobs.takeAll()) {
      this.#multi.removeHandle(job.easy);
      job.reject(closedError());
    }
    for (const close of this.#closers.splice(0)) close();
    try {
      this.#multi.close();
    } finally {
      parking.leave(this.#poller.fd);
      this.#poller.close();
    }
  }

  /** Closes the agent at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function closedError(): CurlEasyError {
  return new CurlEasyError(Code.ABORTED_BY_CALLBACK, "The agent is closed");
}
