/**
 * The remedy for the oddity `neverDrainsWakeFd`: the descriptor by which libcurl's threads wake it
 * up is emptied here, or the poller would tell of it for ever.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { libc } from "../../../ffi/libc.ts";

const { CURL_POLL_REMOVE } = flags;

/** The one of a multi. */
export class WakeFd {
  readonly #bytes = new Uint8Array(new ArrayBuffer(8));
  #fd = -1;
  #adding = false;

  /** Adds a handle: what libcurl names meanwhile is the descriptor, no transfer has begun yet. */
  adding(add: () => void): void {
    this.#adding = true;
    try {
      add();
    } finally {
      this.#adding = false;
    }
  }

  /** libcurl's socket callback. */
  socket(fd: number, what: number): void {
    if (what === CURL_POLL_REMOVE) this.gone(fd);
    else if (this.#adding) this.#fd = fd;
  }

  /** The number is, or will be, another one's. */
  gone(fd: number): void {
    if (fd === this.#fd) this.#fd = -1;
  }

  /** Empties it, before libcurl looks at what its threads have done. */
  drain(fd: number): void {
    if (fd === this.#fd) libc.read(fd, this.#bytes, this.#bytes.length);
  }
}
