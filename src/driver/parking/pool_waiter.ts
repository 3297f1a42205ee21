/**
 * The watch of Deno: `poll(2)` on a thread of the runtime's pool. Such a wait keeps the process
 * alive. Where the process is free to end no thread waits; instead a timer that does not keep it
 * alive polls now and then.
 *
 * @module
 */

import { setTimeout } from "node:timers";
import { libc, POLLIN } from "../../../ffi/libc.ts";
import { allocate, release, Struct } from "../../../ffi/memory.ts";
import type { FdWatch } from "../../../ffi/mod.ts";
import type { Poller } from "../poller/poller.ts";

/** The timeout of one `poll(2)`, so that no thread is left blocked for ever. */
const LONGEST_MS = 60_000;
/** The interval of the polls while no thread waits: at first, and at most. */
const FIRST_LOOK_MS = 20, LAST_LOOK_MS = 1000;

/** Watches a descriptor by a thread of the runtime's pool. */
export class PoolWaiter implements FdWatch {
  readonly #poller: Poller;
  readonly #ready: () => void;
  // struct pollfd: int fd @0; short events @4. In C memory: the thread may outlive the heap of a
  // Worker
  readonly #pollfd = allocate(8);
  #alive = true;
  #armed = false;
  #waiting = false;
  /** Called when the thread has returned, after the watch was closed. */
  #closed: (() => void) | null = null;
  #alarm: ReturnType<typeof setTimeout> | null = null;
  #lookMs = FIRST_LOOK_MS;

  constructor(poller: Poller, ready: () => void) {
    this.#poller = poller;
    this.#ready = ready;
    const at = new Struct(this.#pollfd, 8);
    at.setI32(0, poller.fd);
    at.setI32(4, POLLIN);
  }

  arm(): void {
    this.#armed = true;
    if (this.#alive) this.#startWait();
    else this.#lookLater();
  }

  keepAlive(on: boolean): void {
    if (on === this.#alive) return;
    this.#alive = on;
    if (on) {
      this.#lookMs = FIRST_LOOK_MS;
      if (this.#armed) this.#startWait();
    } else if (this.#waiting) this.#recallThread();
  }

  close(after: () => void = () => {}): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = () => {
      release(this.#pollfd);
      after();
      resolve();
    };
    this.#armed = false;
    if (this.#alarm) clearTimeout(this.#alarm);
    if (this.#waiting) this.#recallThread();
    else this.#closed();
    return promise;
  }

  /** Makes the thread return: now, or as soon as the system has a descriptor for that. */
  #recallThread(): void {
    try {
      this.#poller.wake();
    } catch {
      setTimeout(() => {
        if (this.#waiting && (this.#closed || !this.#alive)) this.#recallThread();
      }, FIRST_LOOK_MS);
    }
  }

  #startWait(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    libc.poll_nonblocking(this.#pollfd, 1, LONGEST_MS).then((count) => {
      this.#waiting = false;
      if (this.#closed) this.#closed();
      else if (count > 0) this.#fire();
      else if (this.#armed) this.arm();
    });
  }

  #fire(): void {
    if (!this.#armed) return;
    this.#armed = false;
    this.#ready();
  }

  #lookLater(): void {
    if (this.#waiting || this.#alarm !== null) return;
    this.#alarm = setTimeout(() => {
      this.#alarm = null;
      this.#lookMs = Math.min(this.#lookMs * 2, LAST_LOOK_MS);
      this.#fire();
    }, this.#lookMs);
    this.#alarm.unref();
  }
}
