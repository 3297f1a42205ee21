/**
 * Where the agents of a thread wait: their pollers sit in one parent poller, and the runtime
 * watches that one only. Deno's waits occupy a thread of a pool of 32, which serves the
 * application's file reads and name lookups too: so there is never more than one.
 *
 * @module
 */

import type { FdWatch } from "../../../ffi/mod.ts";
import { createPoller } from "../poller/create.ts";
import { type Poller, READ } from "../poller/poller.ts";
import { createWaiter } from "./wait_method.ts";

/** One that waits. */
export interface Parked {
  /** Its poller has something ready. */
  wakeUp(): void;
}

interface Place {
  readonly parked: Parked;
  waits: boolean;
  holds: boolean;
  sockets: number;
}

/** The parking of a thread. */
class Parking {
  readonly #places = new Map<number, Place>();
  #poller: Poller | null = null;
  #waiter: FdWatch | null = null;
  /** How often the runtime woke the parking up. */
  wakeUps = 0;
  /** How many places wait, and how many of them keep the process alive. */
  #waiting = 0;
  #holding = 0;
  #sockets = 0;

  /** How many places wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** How many of them keep the process alive. */
  get holding(): number {
    return this.#holding;
  }

  /** The places, for checks. */
  places(): Iterable<Readonly<Place>> {
    return this.#places.values();
  }

  /** Gives a poller a place. Throws `CurlMultiError` where the system has no room for it. */
  enter(fd: number, parked: Parked): void {
    this.#poller ??= createPoller();
    try {
      this.#waiter ??= createWaiter(
        this.#poller,
        () => this.#wakeUp(),
        () => this.#sockets,
      );
      this.#poller.set(fd, READ, 0);
    } catch (error) {
      this.leave(fd);
      throw error;
    }
    this.#places.set(fd, { parked, waits: false, holds: false, sockets: 0 });
  }

  /** Takes a poller's place away, before it is closed. */
  leave(fd: number): void {
    this.update(fd, false, false, 0);
    this.#places.delete(fd);
    this.#poller?.delete(fd);
    if (this.#places.size > 0) return;
    const poller = this.#poller;
    if (this.#waiter) this.#waiter.close(() => poller?.close());
    else poller?.close();
    this.#waiter = this.#poller = null;
  }

  /**
   * Says whether a poller waits for events, whether that keeps the process alive, and how many
   * sockets it watches.
   */
  update(fd: number, waits: boolean, holds: boolean, sockets: number): void {
    const place = this.#places.get(fd);
    if (!place) return;
    if (waits !== place.waits) this.#waiting += waits ? 1 : -1;
    if (holds !== place.holds) this.#holding += holds ? 1 : -1;
    this.#sockets += sockets - place.sockets;
    place.waits = waits;
    place.holds = holds;
    place.sockets = sockets;
    this.#waiter?.keepAlive(this.#holding > 0);
    if (waits) this.#waiter?.arm();
  }

  #wakeUp(): void {
    const poller = this.#poller;
    if (!poller) return;
    this.wakeUps++;
    const ready: Parked[] = [];
    for (let i = 0, count = poller.ready(); i < count; i++) {
      const place = this.#places.get(poller.fdAt(i));
      if (!place) continue;
      if (place.waits) this.#waiting--;
      place.waits = false; // until it says so again: it may have work to do first
      ready.push(place.parked);
    }
    for (const parked of ready) parked.wakeUp();
    if (this.#waiting > 0) this.#waiter?.arm();
  }
}

/** The parking of this thread. */
export const parking: Parking = new Parking();
