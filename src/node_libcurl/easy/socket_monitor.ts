/**
 * Monitors the socket of a CONNECT_ONLY handle: a listener is called in each turn of the event loop
 * in which the socket is ready.
 *
 * @module
 */

import { createPoller } from "../../driver/poller/create.ts";
import { FAILED, type Poller, READ, WRITE } from "../../driver/poller/poller.ts";
import { parking } from "../../driver/parking/parking.ts";
import { SocketState } from "../enums/callbacks.ts";

/** Watches one socket until {@linkcode end}. Keeps the process alive meanwhile. */
export class SocketMonitor {
  readonly #poller: Poller;
  readonly #tell: (events: number) => void;
  #ended = false;

  /** Starts watching. Throws `CurlMultiError` where the system refuses to watch the descriptor. */
  constructor(fd: number, tell: (events: number) => void) {
    this.#tell = tell;
    this.#poller = createPoller();
    try {
      this.#poller.set(fd, READ | WRITE, 0);
      parking.enter(this.#poller.fd, { wakeUp: () => this.#wakeUp() });
    } catch (error) {
      this.#poller.close();
      throw error;
    }
    this.#park();
  }

  #park(): void {
    parking.update(this.#poller.fd, true, true, 1);
  }

  #wakeUp(): void {
    if (this.#ended || this.#poller.ready() === 0) return this.#ended ? undefined : this.#park();
    const mask = this.#poller.maskAt(0);
    try {
      // a failed socket counts as readable: reading returns the error
      this.#tell(
        (mask & (READ | FAILED) ? SocketState.Readable : 0) |
          (mask & WRITE ? SocketState.Writable : 0),
      );
    } finally {
      if (!this.#ended) this.#park();
    }
  }

  /** Stops watching. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    parking.leave(this.#poller.fd);
    this.#poller.close();
  }
}
