/**
 * `Poller` of `curlew/poll`: watches descriptors for programs with an event loop of their own.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { CurlMultiError, MultiCode } from "../../errors.ts";
import { onAbort, reasonOf, throwIfAborted } from "../../signals.ts";
import { parking } from "../parking/parking.ts";
import { Deadline } from "../timing/deadline.ts";
import { Spin } from "../timing/spin.ts";
import { Registrations, type Reported } from "./registrations.ts";
import { descriptorOf, interestOf, type PollerWaitOptions, waitOptionsOf } from "./wait_options.ts";

/** A descriptor that is ready. */
export interface PollerEvent {
  /** The descriptor. */
  readonly fd: number;
  /**
   * The directions that are ready, as `Multi.socketAction` takes them: bits of `CURL_CSELECT_IN`
   * (1), `CURL_CSELECT_OUT` (2) and `CURL_CSELECT_ERR` (4). An error or the end of a stream is
   * reported whatever was asked for; reading or writing finds out which.
   */
  readonly events: number;
}

/** The time for which a poller may answer without the application's timers having run. */
const SLICE_MS = 2;

/** A wait in progress. */
interface PendingWait {
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  /** Ends the wait with the events; with none where its time is over. */
  resolve(found: Reported[]): void;
  reject(reason: unknown): void;
}

/**
 * Watches descriptors without blocking, for an event loop of your own. The SOCKETFUNCTION of a
 * {@linkcode Multi} says what to watch, and `socketAction` takes the events.
 *
 * - It is level-triggered: an event that is not served is reported again.
 * - It watches whatever the system can poll: sockets, pipes, and on Linux eventfd, inotify, timerfd
 *   and the like. Other pollers and agents may watch the same descriptor.
 * - A descriptor that is closed while it is watched is no longer reported, and neither is another
 *   file that the system gives the same number. Call `delete` before or after the close, or not at
 *   all.
 * - A wait keeps the process alive while it has a timeout or a descriptor is watched. A poller
 *   without a wait does not.
 * - All pollers and agents of a thread share one wait of the runtime.
 *
 * The application's timers always run, after 2 ms at the latest.
 *
 * @example
 * ```ts
 * import { Poller } from "curlew/poll";
 * import { createServer } from "node:net";
 * import { Easy } from "curlew";
 *
 * const server = createServer((socket) => socket.end("hello")).listen(0, "127.0.0.1");
 * await new Promise((resolve) => server.once("listening", resolve));
 * using easy = new Easy(), poller = new Poller();
 * const { port } = server.address() as { port: number };
 * easy.setOpts({ URL: `http://127.0.0.1:${port}/`, CONNECT_ONLY: 1 });
 * easy.perform();
 *
 * poller.set(easy.getInfo("ACTIVESOCKET"), 1); // CURL_POLL_IN
 * for (const { fd, events } of await poller.wait({ timeout: 1000 })) {
 *   console.log(`descriptor ${fd} is ready for ${events}`);
 * }
 * server.close();
 * ```
 */
export class Poller {
  readonly #registrations = new Registrations((fd, old) => this.#move(fd, old));
  readonly #waits = new Set<PendingWait>();
  readonly #deadline = new Deadline(() => this.#turn());
  readonly #spin = new Spin();
  /**
   * Until this time a wait may be answered at once; after it the application's timers run first.
   */
  #sliceEnd = 0;
  #isScheduled = false;
  #closed = false;

  /**
   * Makes a poller that watches nothing yet.
   *
   * @throws {CurlMultiError} CURLM_OUT_OF_MEMORY where the system has no descriptor left.
   */
  constructor() {
    try {
      this.#enter(this.#registrations.fd);
    } catch (error) {
      this.#registrations.close();
      throw error;
    }
  }

  #enter(fd: number): void {
    parking.enter(fd, { wakeUp: () => this.#turn() });
  }

  /** Registers the kernel poller that is about to replace another one with the thread's parking. */
  #move(fd: number, old: number): void {
    this.#enter(fd);
    parking.leave(old);
    this.#park(fd);
  }

  /**
   * Watches a descriptor, or changes the directions that it is watched for.
   *
   * @param fd The descriptor. The caller owns it: the poller neither reads nor closes it.
   * @param events `CURL_POLL_IN` (1), `CURL_POLL_OUT` (2) or both, as SOCKETFUNCTION gives them;
   * with `CURL_POLL_NONE` (0) nothing is reported until the next `set`.
   * @throws {CurlMultiError} CURLM_BAD_SOCKET for a descriptor that is not open or cannot be
   * polled, such as that of a regular file, unless `events` is 0; CURLM_BAD_FUNCTION_ARGUMENT for a
   * value that is not a descriptor; CURLM_OUT_OF_MEMORY where the system has no room for another;
   * CURLM_BAD_HANDLE where the poller is closed.
   */
  set(fd: number, events: number): void {
    const number = descriptorOf("watch", fd), interest = interestOf(events);
    this.#refuseClosed("watch a descriptor");
    if (interest === 0) this.#registrations.delete(number);
    else this.#registrations.set(number, interest);
    if (this.#waits.size > 0) this.#park();
  }

  /**
   * Stops watching a descriptor. An unknown or closed descriptor is no error.
   *
   * @throws {CurlMultiError} CURLM_BAD_FUNCTION_ARGUMENT for a value that is not a descriptor.
   */
  delete(fd: number): void {
    this.#registrations.delete(descriptorOf("stop watching", fd));
    if (this.#waits.size > 0) this.#park();
  }

  /**
   * Waits until descriptors are ready. Several waits may be in progress: each gets the events.
   *
   * @returns the events, some dozens at most, the others with the next wait; none where the time is
   * over. If you close one descriptor while serving another, use `for await (const event of
   * poller)` instead, which skips events that are out of date.
   * @throws {CurlMultiError} CURLM_BAD_FUNCTION_ARGUMENT for a bad option, CURLM_BAD_HANDLE where
   * the poller is closed already, CURLM_ABORTED_BY_CALLBACK where it is closed during the wait.
   * @throws the signal's reason where it aborted.
   */
  async wait(options: PollerWaitOptions = {}): Promise<PollerEvent[]> {
    const { timeout, signal } = waitOptionsOf(options);
    const deadline = timeout === 0 ? 0 : performance.now() + timeout;
    for (;;) {
      const found = await this.#next(deadline, signal);
      const events = found.filter((reported) => this.#registrations.confirm(reported)).map(eventOf);
      if (events.length > 0 || found.length === 0) return events;
    }
  }

  /**
   * Yields events one by one, without a time limit, until the poller is closed. It skips an event
   * whose descriptor was deleted, set again or closed since the kernel reported it.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<PollerEvent, void, void> {
    while (!this.#closed) {
      const found = await this.#next(Infinity).catch((error) => {
        if (this.#closed) return [];
        throw error;
      });
      for (const reported of found) {
        if (!this.#closed && this.#registrations.confirm(reported)) yield eventOf(reported);
      }
    }
  }

  /** A promise of the events: at once where there are some and the slice is not over. */
  #next(deadline: number, signal?: AbortSignal): Promise<Reported[]> {
    const { promise, resolve, reject } = Promise.withResolvers<Reported[]>();
    try {
      this.#refuseClosed("wait");
      throwIfAborted(signal);
      this.#spin.restart();
      const isInSlice = performance.now() < this.#sliceEnd;
      const found = isInSlice ? this.#report(deadline !== 0) : [];
      if (found.length > 0 || (isInSlice && deadline === 0)) resolve(found);
      else this.#begin(deadline, { resolve, reject }, signal, isInSlice);
    } catch (error) {
      reject(error);
    }
    return promise;
  }

  #begin(
    deadline: number,
    { resolve, reject }: Pick<PendingWait, "resolve" | "reject">,
    signal: AbortSignal | undefined,
    hasLooked: boolean,
  ): void {
    const end = (settle: () => void) => {
      unlisten?.();
      this.#waits.delete(wait);
      settle();
    };
    const wait: PendingWait = {
      deadline,
      resolve: (found) => end(() => resolve(found)),
      reject: (reason) => end(() => reject(reason)),
    };
    const unlisten = signal && onAbort(signal, () => {
      wait.reject(reasonOf(signal));
      this.#park();
    });
    this.#waits.add(wait);
    if (hasLooked) this.#park();
    else this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#turn(true);
    });
  }

  /** Polls once, and again for a moment where the last wait was shorter than that. */
  #report(mayLookAgain: boolean): Reported[] {
    for (;;) {
      const found = this.#registrations.report();
      if (found.length > 0) this.#spin.served();
      if (found.length > 0 || !mayLookAgain || !this.#spin.looksAgain()) return found;
    }
  }

  /** Ends the waits that have events or whose time is over. */
  #turn(mayLookAgain = false): void {
    if (this.#closed) return;
    this.#sliceEnd = performance.now() + SLICE_MS;
    if (this.#waits.size === 0) return;
    try {
      const found = this.#report(mayLookAgain), now = performance.now();
      for (const wait of [...this.#waits]) {
        if (found.length > 0 || wait.deadline <= now) wait.resolve(found);
      }
    } catch (error) {
      for (const wait of [...this.#waits]) wait.reject(error);
    }
    this.#park();
  }

  /** Has the runtime wait for the descriptors and the first deadline. */
  #park(fd: number = this.#registrations.fd): void {
    if (this.#closed) return;
    const { size } = this.#registrations, isWaiting = this.#waits.size > 0;
    let first = Infinity;
    for (const { deadline } of this.#waits) first = Math.min(first, deadline);
    this.#deadline.set(first === Infinity ? -1 : Math.max(first - performance.now(), 0));
    if (this.#deadline.pending) this.#deadline.arm();
    parking.update(fd, isWaiting, isWaiting && (size > 0 || first !== Infinity), size);
  }

  #refuseClosed(what: string): void {
    if (!this.#closed) return;
    throw new CurlMultiError(MultiCode.BAD_HANDLE, `Cannot ${what}: the poller is closed`);
  }

  /**
   * Closes the poller, but not the descriptors that it watches. A wait in progress rejects with
   * CURLM_ABORTED_BY_CALLBACK; `for await` ends. A second call does nothing.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#deadline.disarm();
    parking.leave(this.#registrations.fd);
    this.#registrations.close();
    const error = new CurlMultiError(MultiCode.ABORTED_BY_CALLBACK, "The poller is closed");
    for (const wait of [...this.#waits]) wait.reject(error);
  }

  /** Closes the poller at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function eventOf({ registration, bits }: Reported): PollerEvent {
  return { fd: registration.fd, events: bits };
}
