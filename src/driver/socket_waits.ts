/**
 * The waits of `Agent.readable` and `Agent.writable` for the sockets of CONNECT_ONLY transfers.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { Code, CurlEasyError } from "../errors.ts";
import type { EasyState } from "../handles/core/easy_state.ts";
import { onAbort, reasonOf } from "../signals.ts";
import type { Sockets, SocketWaitListener } from "./sockets.ts";

/** Called at the end of a wait: exactly one of the methods, once. */
export interface SocketWaitOutcome {
  /** The socket is ready. */
  resolve(): void;
  /** The wait has ended for another reason. */
  reject(reason: unknown): void;
}

/** One wait for one direction of a socket. */
export class SocketWait {
  readonly easy: EasyState;
  readonly fd: number;
  /** READ or WRITE. */
  readonly direction: number;
  readonly #outcome: SocketWaitOutcome;
  #unlisten: (() => void) | null = null;

  /** Made by {@linkcode SocketWaits.start}. */
  constructor(easy: EasyState, fd: number, direction: number, outcome: SocketWaitOutcome) {
    this.easy = easy;
    this.fd = fd;
    this.direction = direction;
    this.#outcome = outcome;
  }

  /** Listens to a signal until the wait has ended. */
  listen(signal: AbortSignal, listener: () => void): void {
    this.#unlisten = onAbort(signal, listener);
  }

  /** The socket is ready. */
  resolve(): void {
    this.#unlisten?.();
    this.#outcome.resolve();
  }

  /** The wait has ended for another reason. */
  reject(reason: unknown): void {
    this.#unlisten?.();
    this.#outcome.reject(reason);
  }
}

/** The waits for the sockets of one multi handle. */
export class SocketWaits implements SocketWaitListener {
  readonly #waits = new Map<EasyState, SocketWait[]>();
  readonly #easies = new Map<number, EasyState>();
  readonly #sockets: Sockets;
  readonly #changed: () => void;

  /**
   * Registers itself as the listener of `sockets`. `changed` is called when a wait has begun, and
   * when one has ended outside the agent's turn.
   */
  constructor(sockets: Sockets, changed: () => void) {
    this.#sockets = sockets;
    this.#changed = changed;
    sockets.waitListener = this;
  }

  /** How many handles have waits. */
  get size(): number {
    return this.#waits.size;
  }

  /** The waits, for checks. */
  *[Symbol.iterator](): Iterator<SocketWait> {
    for (const waits of this.#waits.values()) yield* waits;
  }

  /** Whether a handle has waits. */
  has(easy: EasyState): boolean {
    return this.#waits.has(easy);
  }

  /** Starts a wait. Throws `CurlMultiError` where the system refuses to watch the socket. */
  start(
    easy: EasyState,
    fd: number,
    direction: number,
    outcome: SocketWaitOutcome,
    signal?: AbortSignal,
  ): void {
    this.#sockets.await(fd, direction);
    const wait = new SocketWait(easy, fd, direction, outcome), others = this.#waits.get(easy);
    if (others) others.push(wait);
    else this.#waits.set(easy, [wait]);
    this.#easies.set(fd, easy);
    if (signal) wait.listen(signal, () => this.#abort(wait, reasonOf(signal)));
    this.#changed();
  }

  #abort(wait: SocketWait, reason: unknown): void {
    const { easy, fd, direction } = wait, all = this.#waits.get(easy);
    if (!all?.includes(wait)) return; // the wait has ended already
    this.#take(easy, (other) => other === wait);
    const isShared = all.some((other) => other !== wait && other.direction === direction);
    if (!isShared) this.#sockets.unawait(fd, direction);
    wait.reject(reason);
    this.#changed();
  }

  /** Removes and returns the waits of a handle for which `which` is true. */
  #take(easy: EasyState, which: (wait: SocketWait) => boolean): SocketWait[] {
    const all = this.#waits.get(easy) ?? [], others = all.filter((wait) => !which(wait));
    if (others.length > 0) this.#waits.set(easy, others);
    else {
      this.#waits.delete(easy);
      for (const { fd } of all) if (this.#easies.get(fd) === easy) this.#easies.delete(fd);
    }
    return all.filter(which);
  }

  ready(fd: number, directions: number): void {
    const easy = this.#easies.get(fd);
    if (!easy) return;
    for (const wait of this.#take(easy, ({ direction }) => (direction & directions) !== 0)) {
      wait.resolve();
    }
  }

  gone(fd: number): void {
    const easy = this.#easies.get(fd);
    if (!easy) return;
    // where the handle is being closed, the error of that comes next, and is the better reason
    setImmediate(() => {
      const error = new CurlEasyError(Code.RECV_ERROR, "The connection is gone");
      for (const wait of this.#take(easy, (wait) => wait.fd === fd)) wait.reject(error);
      this.#changed();
    });
  }

  /** Rejects the waits for a handle that was removed from the multi handle. */
  reject(easy: EasyState, reason: unknown): void {
    for (const wait of this.#take(easy, () => true)) {
      wait.reject(reason);
      // libcurl 7.74 leaves the connection open, so its socket would stay watched
      this.#sockets.unawait(wait.fd, wait.direction);
    }
  }

  /** Rejects all waits, before the multi handle is closed. */
  rejectAll(reason: unknown): void {
    for (const easy of [...this.#waits.keys()]) {
      for (const wait of this.#take(easy, () => true)) wait.reject(reason);
    }
  }
}
