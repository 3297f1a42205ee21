/**
 * The parking of a thread, where its agents wait. Their pollers are registered in one parent
 * poller, and the runtime watches only that one. On Deno a wait occupies a thread of a pool of 32,
 * which also serves the application's file reads and name lookups: so there is at most one wait.
 * @module
 */

import type { FdWatch } from "../../../ffi/mod.ts";
import { createPoller } from "../poller/create.ts";
import { type Poller, READ } from "../poller/poller.ts";
import { createWatch } from "./wait_method.ts";

/** An agent or a `Poller` that is parked. */
export interface Parked {
  /** Called when its poller has events. */
  wakeUp(): void;
}

interface Place {
  readonly parked: Parked;
  /** Whether the agent waits for events of its poller. */
  isWaiting: boolean;
  keepsProcessAlive: boolean;
  sockets: number;
}

class Parking {
  readonly #places = new Map<number, Place>();
  #poller: Poller | null = null;
  #watch: FdWatch | null = null;
  /** How often the runtime has called the agents of this thread. */
  wakeUps = 0;
  #waiting = 0;
  #keepingAlive = 0;
  #sockets = 0;
  /** Resolves when the thread of the watch that was closed last has returned. */
  #rest: Promise<void> | void = undefined;

  /** How many agents wait for events. */
  get waiting(): number {
    return this.#waiting;
  }

  /** How many agents keep the process alive. */
  get keepingAlive(): number {
    return this.#keepingAlive;
  }

  /** The places of all agents, for checks. */
  places(): Iterable<Readonly<Place>> {
    return this.#places.values();
  }

  /** Adds a poller. Throws `CurlMultiError` where the system has no room for it. */
  enter(fd: number, parked: Parked): void {
    this.#poller ??= createPoller();
    try {
      this.#watch ??= createWatch(
        this.#poller,
        () => this.#wakeUp(),
        () => this.#sockets,
      );
      this.#poller.set(fd, READ, 0);
    } catch (error) {
      this.leave(fd);
      throw error;
    }
    this.#places.set(fd, { parked, isWaiting: false, keepsProcessAlive: false, sockets: 0 });
  }

  /** Removes a poller that is about to be closed. */
  leave(fd: number): void {
    this.update(fd, false, false, 0);
    this.#places.delete(fd);
    this.#poller?.delete(fd);
    if (this.#places.size > 0) return;
    const poller = this.#poller, watch = this.#watch;
    this.#watch = this.#poller = null;
    if (watch) this.#rest = watch.close(() => poller?.close());
    else poller?.close();
  }

  /** Resolves when no thread that keeps the process alive waits for agents that have left. */
  async rest(): Promise<void> {
    await this.#rest;
  }

  /** Changes the state of a place. `sockets` is the number of sockets that its poller watches. */
  update(fd: number, isWaiting: boolean, keepsProcessAlive: boolean, sockets: number): void {
    const place = this.#places.get(fd);
    if (!place) return;
    if (isWaiting !== place.isWaiting) this.#waiting += isWaiting ? 1 : -1;
    if (keepsProcessAlive !== place.keepsProcessAlive) {
      this.#keepingAlive += keepsProcessAlive ? 1 : -1;
    }
    this.#sockets += sockets - place.sockets;
    place.isWaiting = isWaiting;
    place.keepsProcessAlive = keepsProcessAlive;
    place.sockets = sockets;
    this.#watch?.keepAlive(this.#keepingAlive > 0);
    if (isWaiting) this.#watch?.arm();
  }

  #wakeUp(): void {
    const poller = this.#poller;
    if (!poller) return;
    this.wakeUps++;
    const ready: Parked[] = [];
    for (let i = 0, count = poller.ready(); i < count; i++) {
      const place = this.#places.get(poller.fdAt(i));
      if (!place) continue;
      if (place.isWaiting) this.#waiting--;
      place.isWaiting = false; // until the agent parks again: it may have work to do first
      ready.push(place.parked);
    }
    for (const parked of ready) parked.wakeUp();
    if (this.#waiting > 0) this.#watch?.arm();
  }
}

/** The parking of this thread. */
export const parking: Parking = new Parking();
