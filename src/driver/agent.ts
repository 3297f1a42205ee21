/**
 * The agent, which drives transfers by the runtime's own event loop.
 *
 * @module
 */

import { setImmediate } from "node:timers";
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
 * as the transfer was removed. Throws where the transfer cannot begin.
 */
export let performAtOnce: (
  agent: Agent,
  easy: Easy,
  signal: AbortSignal | null,
  outcome: TransferOutcome,
) => void;
/**
 * Ends the agent's turn in progress after this round; another turn follows. For a callback whose
 * reader has so much to do that the transfer would have to pause otherwise.
 */
export let endTurn: (agent: Agent) => void;
/**
 * {@linkcode Agent.perform}, {@linkcode Agent.readable} and {@linkcode Agent.writable} of the agent
 * itself, whatever a subclass makes of them.
 */
export let performOn: (
  agent: Agent,
  easy: Easy,
  signal: AbortSignal | null,
  request?: object,
) => Promise<Easy>;
/** See {@linkcode performOn}. */
export let waitReadable: (agent: Agent, easy: Easy) => Promise<void>;
/** See {@linkcode performOn}. */
export let waitWritable: (agent: Agent, easy: Easy) => Promise<void>;
/** Whether a value is an agent; a proxy of one is none. */
export let isAgent: (value: unknown) => value is Agent;
/** Has `watcher` see the transfers that an agent starts from now on, `null` for nobody. */
export let setWatcher: (agent: Agent, watcher: TransferWatcher | null) => void;
/** Calls `closer` when an agent closes, or at once where it is closed. */
export let atClose: (agent: Agent, closer: () => void) => void;
/**
 * Makes an agent whose transfers are all in one multi handle, so that they share connections and names
 * as libcurl alone would have it.
 */
export let agentOfOneMulti: () => Agent;
/** The multi handle of an agent; another one after an error of the multi interface. */
export let multiOfAgent: (agent: Agent) => Multi;
/**
 * Takes in the transfer of a handle that a PUSHFUNCTION of the agent's multi handle is about to
 * accept: libcurl adds it itself. For inside of that function.
 */
export let expectPushed: (agent: Agent, easy: Easy, outcome: TransferOutcome) => void;

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
  readonly #loops: Loops;
  /** Called when the agent closes: {@linkcode atClose}. */
  readonly #closers: (() => void)[] = [];
  #watcher: TransferWatcher | null = null;
  #closing: Promise<void> | null = null;

  static {
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
   * Runs a transfer. Inside a callback of the same agent it begins after the callback. A
   * CONNECT_ONLY handle stays added until it is closed.
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
   * Ends all transfers, closes the connections and frees everything. What is in flight rejects
   * with CURLE_ABORTED_BY_CALLBACK, as later performs do.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    const loops = this.#loops;
    loops.stop();
    while (loops.areBusy) await new Promise((resolve) => setImmediate(resolve));
    loops.close(() => {
      for (const close of this.#closers.splice(0)) close();
    });
  }

  /** Closes the agent at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A promise of the outcome, also where the transfer cannot begin. */
function promised(start: (outcome: TransferOutcome) => void): Promise<Easy> {
  const outcome = Promise.withResolvers<Easy>();
  try {
    start(outcome);
  } catch (error) {
    outcome.reject(error);
  }
  return outcome.promise;
}
