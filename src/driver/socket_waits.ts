/**
 * Who waits for the sockets of CONNECT_ONLY transfers.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { Code, CurlEasyError } from "../errors.ts";
import type { EasyState } from "../handles/core/easy_state.ts";
import type { Awaiting } from "./sockets.ts";

/** One that waits. */
export class Wait {
  readonly easy: EasyState;
  readonly fd: number;
  /** READ or WRITE. */
  readonly direction: number;
  readonly #resolve: () => void;
  readonly #reject: (reason: unknown) => void;
  #unlisten = () => {};

  /** Made by {@linkcode Waits.add}. */
  constructor(
    easy: EasyState,
    fd: number,
    direction: number,
    resolve: () => void,
    reject: (reason: unknown) => void,
  ) {
    this.easy = easy;
    this.fd = fd;
    this.direction = direction;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Listens to a signal until the wait is over. */
  listen(signal: AbortSignal, listener: () => void): void {
    signal.addEventListener("abort", listener, { once: true });
    this.#unlisten = () => signal.removeEventListener("abort", listener);
  }

  /** What was waited for has come. */
  resolve(): void {
    this.#unlisten();
    this.#resolve();
  }

  /** It will not. */
  reject(reason: unknown): void {
    this.#unlisten();
    this.#reject(reason);
  }
}

/** See the module. */
export class Waits implements Awaiting {
  readonly #waits = new Map<EasyState, Wait[]>();
  readonly #easies = new Map<number, EasyState>();
  readonly #lost: () => void;

  /** `lost` is called, outside the agent's turn, when a wait has ended with its connection. */
  constructor(lost: () => void) {
    this.#lost = lost;
  }

  /** How many handles are waited for. */
  get size(): number {
    return this.#waits.size;
  }

  /** All that wait, for checks. */
  *[Symbol.iterator](): Iterator<Wait> {
    for (const waits of this.#waits.values()) yield* waits;
  }

  /** Whether anyone waits for that handle. */
  has(easy: EasyState): boolean {
    return this.#waits.has(easy);
  }

  /** Takes a wait in. */
  add(wait: Wait): void {
    const { easy, fd } = wait, others = this.#waits.get(easy);
    if (others) others.push(wait);
    else this.#waits.set(easy, [wait]);
    this.#easies.set(fd, easy);
  }

  /**
   * Takes one out, because of its signal.
   *
   * @returns whether another one waits for the same; `null` where this one is over already.
   */
  take(wait: Wait): boolean | null {
    const all = this.#waits.get(wait.easy);
    if (!all?.includes(wait)) return null;
    this.#split(wait.easy, (other) => other === wait);
    return all.some((other) => other !== wait && other.direction === wait.direction);
  }

  /** Takes those out that `which` names. */
  #split(easy: EasyState, which: (wait: Wait) => boolean): Wait[] {
    const all = this.#waits.get(easy) ?? [], rest = all.filter((wait) => !which(wait));
    if (rest.length > 0) this.#waits.set(easy, rest);
    else {
      this.#waits.delete(easy);
      for (const { fd } of all) if (this.#easies.get(fd) === easy) this.#easies.delete(fd);
    }
    return all.filter(which);
  }

  ready(fd: number, directions: number): void {
    const easy = this.#easies.get(fd);
    if (!easy) return;
    for (const wait of this.#split(easy, ({ direction }) => (direction & directions) !== 0)) {
      wait.resolve();
    }
  }

  gone(fd: number): void {
    const easy = this.#easies.get(fd);
    if (!easy) return;
    // where the handle is being closed, that is the better reason, and comes next
    setImmediate(() => {
      this.end(easy, new CurlEasyError(Code.RECV_ERROR, "The connection is gone"), fd);
      this.#lost();
    });
  }

  /**
   * Those that wait for a handle, or for one of its sockets, do so in vain.
   *
   * @returns who that was.
   */
  end(easy: EasyState, reason: unknown, fd?: number): readonly Wait[] {
    const ended = this.#split(easy, (wait) => fd === undefined || wait.fd === fd);
    for (const wait of ended) wait.reject(reason);
    return ended;
  }

  /** All wait in vain. */
  endAll(reason: unknown): void {
    for (const easy of [...this.#waits.keys()]) this.end(easy, reason);
  }
}
