/**
 * Deno's wait: `poll(2)` on a thread of the runtime's pool.
 *
 * @module
 */

import { setTimeout } from "node:timers";
import { libc, POLLIN } from "../../../ffi/libc.ts";
import { allocate, release, Struct } from "../../../ffi/memory.ts";
import type { FdWatch } from "../../../ffi/mod.ts";
import type { Poller } from "../poller/poller.ts";

/** A parked thread looks up this often, so that none is left behind for ever. */
const LONGEST_MS = 60_000;
/** How often an unwatched poller is looked at: first, and at most. */
const FIRST_LOOK_MS = 20, LAST_LOOK_MS = 1000;

/**
 * Sits in `poll(2)` on a thread of the runtime's pool. Such a wait keeps the process alive; where
 * it must not, there is none, and an alarm that does not hold the process looks now and then.
 */
export class PoolWaiter implements FdWatch {
  readonly #poller: Poller;
  readonly #ready: () => void;
  // C memory: the thread may outlive a terminated Worker's own. A pollfd: int fd @0; short events @4
  readonly #pollfd = allocate(8);
  #alive = true;
  #armed = false;
  #waiting = false;
  /** What is to be done when the thread is back, once the watch is closed. */
  #closed: (() => void) | null = null;
  #alarm: ReturnType<typeof setTimeout> | null = null;
  #look = FIRST_LOOK_MS;

  constructor(poller: Poller, ready: () => void) {
    this.#poller = poller;
    this.#ready = ready;
    const at = new Struct(this.#pollfd, 8);
    at.setI32(0, poller.fd);
    at.setI32(4, POLLIN);
  }

  arm(): void {
    this.#armed = true;
    if (this.#alive) this.#wait();
    else this.#lookLater();
  }

  keepAlive(on: boolean): void {
    if (on === this.#alive) return;
    this.#alive = on;
    if (on) {
      this.#look = FIRST_LOOK_MS;
      if (this.#armed) this.#wait();
    } else if (this.#waiting) this.#comeBack();
  }

  close(after: () => void = () => {}): void {
    this.#closed = () => {
      release(this.#pollfd);
      after();
    };
    this.#armed = false;
    if (this.#alarm) clearTimeout(this.#alarm);
    if (this.#waiting) this.#comeBack();
    else this.#closed();
  }

  /** Has the thread come back, or, where no descriptor is left for that, once there is one. */
  #comeBack(): void {
    try {
      this.#poller.wake();
    } catch {
      setTimeout(() => {
        if (this.#waiting && (this.#closed || !this.#alive)) this.#comeBack();
      }, FIRST_LOOK_MS);
    }
  }

  #wait(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    libc.poll_nonblocking(this.#pollfd, 1, LONGEST_MS).then((count) => {
      this.#waiting = false;
      if (this.#closed) this.#closed();
      else if (count > 0) this.#fire();
      else this.#again();
    });
  }

  #again(): void {
    if (this.#armed) this.arm();
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
      this.#look = Math.min(this.#look * 2, LAST_LOOK_MS);
      this.#fire();
    }, this.#look);
    this.#alarm.unref();
  }
}
