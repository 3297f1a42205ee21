/**
 * The agent: it drives transfers by the runtime's own event loop, without blocking.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { native } from "../../ffi/mod.ts";
import { type Easy, isEasy, stateOf } from "../handles/easy/easy.ts";
import type { Multi } from "../handles/multi/multi.ts";
import { isEasyError, showCaller } from "../errors.ts";
import { throwIfAborted } from "../signals.ts";
import {
  type AgentOptions,
  type AgentStats,
  closedError,
  type PerformOptions,
  readOptions,
  signalOf,
  type WaitOptions,
} from "./agent_options.ts";
import { Loops } from "./loops.ts";
import { parking } from "./parking/parking.ts";
import { READ, WRITE } from "./poller/poller.ts";
import type { TransferOutcome, TransferWatcher } from "./transfers.ts";

/**
 * {@linkcode Agent.perform} without a promise: `outcome` is called inside the agent's turn, as soon
 * as the handle was removed from the multi handle. Throws where the transfer cannot begin.
 */
export let performAtOnce: (
  agent: Agent,
  easy: Easy,
  signal: AbortSignal | null,
  outcome: TransferOutcome,
) => void;
/**
 * Ends the agent's turn in progress after the current round, and schedules another turn. For a
 * callback whose reader is so far behind that the transfer would have to pause otherwise.
 */
export let endTurn: (agent: Agent) => void;
/**
 * {@linkcode Agent.perform}, {@linkcode Agent.readable} and {@linkcode Agent.writable} as this
 * class defines them, also for an instance of a subclass that overrides them.
 */
export let performOn: (
  agent: Agent,
  easy: Easy,
  signal: AbortSignal | null,
  request?: object,
) => Promise<Easy>;
/** {@linkcode Agent.readable}, not overridden: {@linkcode performOn}. */
export let waitReadable: (agent: Agent, easy: Easy) => Promise<void>;
/** {@linkcode Agent.writable}, not overridden: {@linkcode performOn}. */
export let waitWritable: (agent: Agent, easy: Easy) => Promise<void>;
/** Whether a value is an agent. A `Proxy` of an agent is not one. */
export let isAgent: (value: unknown) => value is Agent;
/** The agents of this thread that are not closed. */
const openAgents = new Set<Agent>();
/** Registers the watcher of all transfers that an agent starts from now on; `null` removes it. */
export let setWatcher: (agent: Agent, watcher: TransferWatcher | null) => void;
/**
 * Registers a function that is called when the agent closes, or at once if it is closed already.
 */
export let atClose: (agent: Agent, closer: () => void) => void;
/**
 * Makes an agent with a single multi handle: all its transfers share connections and resolved
 * names, by libcurl's own rules alone.
 */
export let agentOfOneMulti: () => Agent;
/** The multi handle of an agent. After an error of the multi interface it is a new one. */
export let multiOfAgent: (agent: Agent) => Multi;
/**
 * Registers a pushed transfer, whose handle libcurl adds to the multi handle itself. To be called
 * inside the PUSHFUNCTION that is about to accept it.
 */
export let expectPushed: (agent: Agent, easy: Easy, outcome: TransferOutcome) => void;

/**
 * Runs many transfers at once without blocking: libcurl names the sockets it waits for, one poller
 * watches these sockets, and the runtime watches the poller.
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
  readonly #loops: Loops;
  /** The functions to call when the agent closes: {@linkcode atClose}. */
  readonly #closers: (() => void)[] = [];
  #watcher: TransferWatcher | null = null;
  #closing: Promise<void> | null = null;

  static {
    native.atWorkerEnd?.(() => {
      for (const agent of openAgents) agent.#closeWithWorker();
    });
    performAtOnce = (agent, easy, signal, outcome) => agent.#perform(easy, outcome, signal);
    performOn = (agent, easy, signal, request) =>
      promised((outcome) =>
        agent.#perform(easy, request ? { ...outcome, request } : outcome, signal)
      );
    waitReadable = (agent, easy) => agent.#wait(easy, READ, null);
    waitWritable = (agent, easy) => agent.#wait(easy, WRITE, null);
    isAgent = (value): value is Agent =>
      typeof value === "object" && value !== null && #loops in value;
    setWatcher = (agent, watcher) => {
      agent.#watcher = watcher;
    };
    endTurn = (agent) => {
      for (const loop of agent.#loops) loop.endTurn();
    };
    atClose = (agent, closer) => {
      if (agent.#closing) closer();
      else agent.#closers.push(closer);
    };
    multiOfAgent = (agent) => agent.#loops.common.multi;
    expectPushed = (agent, easy, outcome) => agent.#loops.common.expectPushed(easy, outcome);
    agentOfOneMulti = () => {
      const agent = new Agent();
      agent.#loops.hasClasses = false;
      return agent;
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
    this.#loops = new Loops(readOptions(options ?? {}));
    openAgents.add(this);
  }

  /** How many transfers are in flight. */
  get active(): number {
    return this.#loops.size;
  }

  /** Counts of what the agent has done. */
  get stats(): AgentStats {
    let sockets = 0, turns = 0;
    for (const loop of this.#loops) {
      sockets += loop.sockets;
      turns += loop.turns;
    }
    return { sockets, turns, wakeUps: parking.wakeUps };
  }

  /**
   * Runs a transfer. Called inside a callback of the same agent, it begins after that callback has
   * returned. A CONNECT_ONLY handle stays added until it is closed.
   *
   * @returns the handle, when the transfer is over.
   * @throws {CurlEasyError} what the transfer failed with; CURLE_ABORTED_BY_CALLBACK where the
   * handle or the agent was closed meanwhile.
   * @throws {CurlMultiError} CURLM_ADDED_ALREADY where the handle is in use.
   * @throws the signal's reason where it aborted.
   */
  async perform(easy: Easy, options: PerformOptions = {}): Promise<Easy> {
    try {
      return await promised((outcome) => this.#perform(easy, outcome, signalOf(options)));
    } catch (error) {
      if (isEasyError(error)) showCaller(error);
      throw error;
    }
  }

  #perform(easy: Easy, outcome: TransferOutcome, signal?: AbortSignal | null): void {
    if (this.#closing) throw closedError();
    throwIfAborted(signal);
    const loop = isEasy(easy) ? this.#loops.for(stateOf(easy)) : this.#loops.common;
    const watched = this.#watcher?.watch(easy, outcome, signal ?? null);
    loop.run(easy, watched ?? outcome, signal);
    watched?.started();
  }

  /**
   * Waits until the socket of a CONNECT_ONLY handle that {@linkcode perform} has connected is
   * readable: there are bytes, or the peer has closed the connection. The TLS library may hold
   * bytes that it has read from the socket already: call `recv` until CURLE_AGAIN before you wait.
   * Like a transfer, a wait keeps the process alive.
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
   * Waits until the socket of a CONNECT_ONLY handle that {@linkcode perform} has connected is
   * writable. After a CURLE_AGAIN, TLS requires the same bytes again, from the same array. Resolves
   * and rejects as {@linkcode readable} does.
   */
  writable(easy: Easy, options: WaitOptions = {}): Promise<void> {
    return this.#wait(easy, WRITE, options);
  }

  #wait(easy: Easy, direction: number, options: WaitOptions | null): Promise<void> {
    return new Promise((resolve, reject) => {
      const signal = signalOf(options);
      if (this.#closing) throw closedError();
      throwIfAborted(signal);
      const loop = isEasy(easy) ? this.#loops.of(stateOf(easy)) : this.#loops.common;
      loop.wait(easy, direction, { resolve, reject }, signal);
    });
  }

  /**
   * Ends all transfers, closes the connections and frees everything. Transfers in flight, and those
   * that are started later, reject with CURLE_ABORTED_BY_CALLBACK.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#loops.stop();
    while (this.#loops.areBusy) await new Promise((resolve) => setImmediate(resolve));
    this.#closeLoops();
    await parking.rest();
  }

  #closeLoops(): void {
    openAgents.delete(this);
    this.#loops.close(() => {
      for (const close of this.#closers.splice(0)) close();
    });
  }

  /** Frees what would outlive the Worker. Not where a turn of the agent was cut off. */
  #closeWithWorker(): void {
    if (this.#loops.areBusy) return;
    this.#closing ??= Promise.resolve();
    this.#loops.stop();
    this.#closeLoops();
  }

  /** Closes the agent at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A promise of the outcome. It rejects also where the transfer cannot begin. */
function promised(start: (outcome: TransferOutcome) => void): Promise<Easy> {
  const outcome = Promise.withResolvers<Easy>();
  try {
    start(outcome);
  } catch (error) {
    outcome.reject(error);
  }
  return outcome.promise;
}
