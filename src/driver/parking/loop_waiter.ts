/**
 * Bun's wait. It is left to the runtime's loop as long as that is cheap. The loop lets go of the
 * descriptor with each event, and whenever it takes it again the system goes through all sockets
 * below, in search of a circle: 2 ms for 10,000. Where that comes to much, a Worker waits instead,
 * for which it does not matter how many there are.
 *
 * @module
 */

import { duplicate, libcPath } from "../../../ffi/libc.ts";
import { type FdWatch, native } from "../../../ffi/mod.ts";
import type { Poller } from "../poller/poller.ts";

/** From so many sockets on a Worker's look takes less time than the runtime's own loop. */
const MANY = 500;
/** What its start is worth, in sockets that the system has gone through for nothing. */
const ENOUGH = 50_000;

/** Watches by a Worker; `up` is called once it runs. Throws where no descriptor is left for it. */
export function byWorker(poller: Poller, ready: () => void, up?: () => void): FdWatch {
  poller.prepareWake();
  const wait = { libc: libcPath, fd: poller.fd, wake: () => poller.wake() };
  return native.watchByWorker!(wait, ready, up);
}

/** See the module. */
export class LoopWaiter implements FdWatch {
  readonly #poller: Poller;
  readonly #ready: () => void;
  readonly #sockets: () => number;
  #watch: FdWatch;
  /** A Worker that takes over once it runs. */
  #worker: FdWatch | null = null;
  #isUp = false;
  #armed = false;
  #alive = true;
  /** Sockets that were gone through. */
  #walked = 0;

  constructor(poller: Poller, ready: () => void, sockets: () => number) {
    this.#poller = poller;
    this.#ready = ready;
    this.#sockets = sockets;
    this.#watch = native.watch!(() => duplicate(poller.fd), () => this.#fire());
  }

  arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    if (this.#isUp) this.#leaveLoop();
    else if (!this.#worker && this.#isWalkingFar()) this.#startWorker();
    this.#watch.arm();
  }

  #isWalkingFar(): boolean {
    const sockets = this.#sockets();
    return sockets >= MANY && (this.#walked += sockets) > ENOUGH;
  }

  #startWorker(): void {
    this.#walked = 0;
    try {
      this.#worker = byWorker(this.#poller, () => this.#fire(), () => this.#isUp = true);
    } catch {
      // no descriptor is left for it: the loop works, too, and it tries again later
    }
  }

  #leaveLoop(): void {
    const worker = this.#worker as FdWatch;
    this.#isUp = false;
    this.#watch.close();
    this.#watch = worker;
    worker.keepAlive(this.#alive);
  }

  #fire(): void {
    this.#armed = false;
    this.#ready();
  }

  keepAlive(on: boolean): void {
    this.#alive = on;
    this.#watch.keepAlive(on);
  }

  close(after?: () => void): void {
    const worker = this.#worker;
    if (worker === null || worker === this.#watch) return this.#watch.close(after);
    this.#watch.close();
    worker.close(after);
  }
}
