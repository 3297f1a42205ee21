/**
 * The loops of an agent, one for each connection class of its transfers. libcurl searches kept
 * connections and resolved names in the multi handle of a transfer, and does not compare every
 * option that decides where a connection leads. So transfers that differ in such an option get
 * another multi handle (`handles/connections`).
 *
 * @module
 */

import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import type { ConnectionClass } from "../handles/core/connection_class.ts";
import type { EasyState } from "../handles/core/easy_state.ts";
import { connectionClassOf } from "../handles/connections/connection_class.ts";
import { type AgentOptions, closedError } from "./agent_options.ts";
import { Loop } from "./loop.ts";

/** The number of loops without a transfer that are kept beside the common one. */
const MAX_IDLE = 16;
/** The interval at which idle loops are counted; they are counted when a loop is made, too. */
const LOOK_MS = 250;
/**
 * From this number of loops on, a class that needs no name cache of its own gets no loop: its
 * transfers use the common loop, each with a connection of its own. A loop takes one to three
 * descriptors.
 */
const MAX_LOOPS = 64;

interface ClassLoop {
  readonly loop: Loop;
  /** The value of `#clock` when the loop got its last transfer. */
  used: number;
}

/** The loops of an agent. */
export class Loops {
  readonly #options: AgentOptions;
  /** The loop of all transfers that need no connection class of their own. */
  readonly common: Loop;
  /** Whether there is another loop than the common one. */
  hasClasses = true;
  readonly #classes = new Map<string, ClassLoop>();
  #clock = 0;
  /** Runs while there are more than {@linkcode MAX_IDLE} loops. */
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  /** Makes the common loop. Throws as `Agent` does. */
  constructor(options: AgentOptions) {
    this.#options = options;
    this.common = new Loop(options);
  }

  /** All loops. */
  *[Symbol.iterator](): Generator<Loop> {
    yield this.common;
    for (const { loop } of this.#classes.values()) yield loop;
  }

  /** How many transfers are in flight. */
  get size(): number {
    let size = this.common.size;
    if (this.#classes.size > 0) {
      for (const { loop } of this.#classes.values()) {
        size += loop.size;
      }
    }
    return size;
  }

  /** The loop for the next transfer of a handle. Throws as `Agent` does. */
  for(easy: EasyState): Loop {
    if (!this.hasClasses) return this.common;
    const wanted = connectionClassOf(easy, this.#options.share);
    easy.alone = wanted.alone;
    return wanted.key === "" ? this.common : this.#forClass(easy, wanted);
  }

  #forClass(easy: EasyState, { key, names }: ConnectionClass): Loop {
    let found = this.#classes.get(key);
    if (!found) {
      if (!names && this.#classes.size >= MAX_LOOPS) {
        easy.alone = true;
        return this.common;
      }
      found = { loop: new Loop(this.#options), used: 0 };
      this.#classes.set(key, found);
      if (this.#classes.size > MAX_IDLE) setImmediate(() => this.#closeIdle());
    }
    found.used = ++this.#clock;
    return found.loop;
  }

  /**
   * Closes idle loops except those that were used last. Runs in a macrotask, so no callback is on
   * the stack.
   */
  #closeIdle(): void {
    if (this.#closed) return;
    const idle = [...this.#classes].filter(([, { loop }]) => loop.isIdle);
    idle.sort(([, a], [, b]) => a.used - b.used);
    for (const [key, { loop }] of idle.slice(0, Math.max(0, idle.length - MAX_IDLE))) {
      this.#classes.delete(key);
      loop.stop();
      loop.close(closedError, () => {});
    }
    if (this.#timer !== null || this.#classes.size <= MAX_IDLE) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#closeIdle();
    }, LOOK_MS).unref();
  }

  /** Stops the turns of all loops. */
  stop(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const loop of this) loop.stop();
  }

  /** Whether a turn or a callback of any loop is on the stack, so that none may be closed. */
  get areBusy(): boolean {
    for (const loop of this) if (loop.isBusy) return true;
    return false;
  }

  /**
   * Rejects all transfers and waits, calls `beforeClose`, and frees everything. Where a loop cannot
   * be closed, the others are closed before the first error is thrown.
   */
  close(beforeClose: () => void): void {
    let failure: { readonly error: unknown } | null = null;
    for (const loop of this) {
      try {
        loop.close(closedError, loop === this.common ? beforeClose : () => {});
      } catch (error) {
        failure ??= { error };
      }
    }
    this.#classes.clear();
    if (failure) throw failure.error;
  }

  /** The loop whose multi handle a handle is in; the common loop for any other handle. */
  of(easy: EasyState): Loop {
    for (const loop of this) if (loop.holds(easy)) return loop;
    return this.common;
  }
}
