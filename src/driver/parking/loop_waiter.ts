/**
 * The watch of Bun: the runtime's own loop while that is cheap, a Worker after that. Bun's loop
 * removes the descriptor at each event and adds it again. Each time that it does, the kernel walks
 * all sockets below the descriptor, to find a circle of pollers: 2 ms for 10,000 sockets. A Worker
 * costs the same for any number of sockets.
 *
 * @module
 */

import { duplicate, libcPath } from "../../../ffi/libc.ts";
import { type FdWatch, native } from "../../../ffi/mod.ts";
import type { Poller } from "../poller/poller.ts";

/** With fewer sockets a wait by the runtime's loop takes less time than one by a Worker. */
const MANY = 500;
/** Starting a Worker costs as much as walking this many sockets. */
const ENOUGH = 50_000;

/** Watches by a Worker. `up` is called once it runs. Throws where no descriptor is left for it. */
export function byWorker(poller: Poller, ready: () => void, up?: () => void): FdWatch {
  poller.prepareWake();
  const wait = { libc: libcPath, fd: poller.fd, wake: () => poller.wake() };
  return native.watchByWorker!(wait, ready, up);
}

/** Watches by the runtime's loop, and by a Worker once the kernel has walked enough sockets. */
export class LoopWaiter implements FdWatch {
  readonly #poller: Poller;
  readonly #ready: () => void;
  readonly #sockets: () => number;
  #watch: FdWatch;
  /** The Worker, which replaces the runtime's loop once it runs. */
  #worker: FdWatch | null = null;
  #isWorkerUp = false;
  #armed = false;
  #alive = true;
  /** How many sockets the kernel has walked so far. */
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
    if (this.#isWorkerUp) this.#leaveLoop();
    else if (!this.#worker && this.#isWalkedEnough()) this.#startWorker();
    this.#watch.arm();
  }

  #isWalkedEnough(): boolean {
    const sockets = this.#sockets();
    return sockets >= MANY && (this.#walked += sockets) > ENOUGH;
  }

  #startWorker(): void {
    this.#walked = 0;
    try {
      this.#worker = byWorker(this.#poller, () => this.#fire(), () => this.#isWorkerUp = true);
    } catch {
      // no descriptor is left for a Worker: the loop stays in use, and a later event tries again
    }
  }

  #leaveLoop(): void {
    const worker = this.#worker as FdWatch;
    this.#isWorkerUp = false;
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

  close(after?: () => void): Promise<void> | void {
    const worker = this.#worker;
    if (worker === null || worker === this.#watch) return this.#watch.close(after);
    this.#watch.close();
    return worker.close(after);
  }
}
