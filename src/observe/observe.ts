/**
 * `observe`: calls functions of the user for an agent's transfers.
 *
 * @module
 */

import type { Agent } from "../driver/agent.ts";
import { wrong } from "../http/shown.ts";
import { member } from "../members.ts";
import { reportHarmless } from "../untrusted.ts";
import { attach } from "./hub.ts";
import type { ObservedTransfer } from "./transfer.ts";
import type { Sink, Watch } from "./watch.ts";

/** The functions that {@linkcode observe} calls. */
export interface TransferObserver {
  /**
   * Called synchronously when the transfer is started, so with the caller's `AsyncLocalStorage`.
   */
  readonly start?: ((transfer: ObservedTransfer) => void) | undefined;
  /** Called when the head of the response is complete; never for a transfer of `Agent.perform`. */
  readonly head?: ((transfer: ObservedTransfer) => void) | undefined;
  /** Called when the transfer is over, with or without success. */
  readonly end?: ((transfer: ObservedTransfer) => void) | undefined;
}

/** An observation in progress. */
export interface Observation {
  /** Ends the observation: no function is called after it. */
  detach(): void;
  /** Ends the observation at the end of a `using` block. */
  [Symbol.dispose](): void;
}

/**
 * Observes the transfers that an agent starts from now on: those of `fetch`, `download`, `upload`,
 * of sessions and of `Agent.perform`, and the handshakes of WebSockets, which end when the
 * connection is open. For each transfer `start` and `end` are called once, and `head` between them
 * where there is one. `null` is the default agent, which runs all calls without an `agent`. An
 * observer has no effect on transfers: its first exception is reported on the console, and it is
 * not called again.
 *
 * @throws {TypeError} for a value that is not an agent, and for an observer with a member that is
 * not a function.
 *
 * @example
 * ```ts
 * import { fetch } from "curlew";
 * import { observe } from "curlew/observe";
 *
 * using _ = observe(null, {
 *   end({ method, url, status, error, attempt, info }) {
 *     console.log(method, url, status ?? error, `attempt ${attempt}`, info?.total, "ms");
 *   },
 * });
 * await (await fetch("https://example.com/")).text();
 * ```
 */
export function observe(agent: Agent | null, observer: TransferObserver): Observation {
  return observation(agent, new ObserverSink(readObserver(observer)));
}

/** Attaches a sink of functions to an agent. */
export function observation(agent: Agent | null, sink: ObserverSink): Observation {
  const end = attach(agent, sink);
  const detach = () => {
    sink.close();
    end();
  };
  return { detach, [Symbol.dispose]: detach };
}

const MOMENTS = ["start", "head", "end"] as const;

function readObserver(observer: TransferObserver): TransferObserver {
  if (typeof observer !== "object" || observer === null) {
    throw wrong("observe", "the observer", "an object", observer);
  }
  const read = (name: (typeof MOMENTS)[number]) => {
    const call = member(observer, name);
    if (call === undefined || typeof call === "function") return call;
    throw wrong("observe", `observer.${name}`, "a function", call);
  };
  return { start: read("start"), head: read("head"), end: read("end") };
}

type Call = (transfer: ObservedTransfer) => void;

/** A sink that calls functions of the user, which may throw. */
export class ObserverSink implements Sink {
  readonly #functions: TransferObserver;
  #isClosed = false;

  /** `functions` are called without `this`. */
  constructor(functions: TransferObserver) {
    this.#functions = functions;
  }

  start(watch: Watch): void {
    const { start } = this.#functions;
    if (start) this.call(start, watch.face);
  }

  head(watch: Watch): void {
    const { head } = this.#functions;
    if (head) callSoon(this, head, watch);
  }

  end(watch: Watch): void {
    const { end } = this.#functions;
    if (end) callSoon(this, end, watch);
  }

  /** Calls a function, unless an earlier call has thrown. */
  call(call: Call, transfer: ObservedTransfer): void {
    if (this.#isClosed) return;
    try {
      call(transfer);
    } catch (error) {
      this.#isClosed = true;
      queueMicrotask(() => reportHarmless(error));
    }
  }

  close(): void {
    this.#isClosed = true;
  }
}

/** Calls that are deferred to the end of the agent's turn, or of libcurl's callback. */
let waiting: { readonly sink: ObserverSink; readonly call: Call; readonly watch: Watch }[] = [];
/** A resolved promise: `queueMicrotask` takes several times as long on Deno. */
const resolved = Promise.resolve();

/** Calls a function of the user in a microtask, where it may call any function of curlew. */
function callSoon(sink: ObserverSink, call: Call, watch: Watch): void {
  if (waiting.push({ sink, call, watch }) === 1) resolved.then(callWaiting);
}

function callWaiting(): void {
  const calls = waiting;
  waiting = [];
  for (const { sink, call, watch } of calls) sink.call(call, watch.face);
}
