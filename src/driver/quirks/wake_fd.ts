/**
 * The wake-up descriptor of a multi handle, by which the threads of name lookups wake libcurl. With
 * the oddity `neverDrainsWakeFd` the poller would report it for ever, so it is drained here.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { libc } from "../../../ffi/libc.ts";

const { CURL_POLL_REMOVE } = flags;

/** Finds and drains the wake-up descriptor of one multi handle. */
export class WakeFd {
  readonly #bytes = new Uint8Array(new ArrayBuffer(8));
  #fd = -1;
  #adding = false;

  /** Adds a handle. libcurl names the descriptor meanwhile, and no socket of a transfer yet. */
  adding(add: () => void): void {
    this.#adding = true;
    try {
      add();
    } finally {
      this.#adding = false;
    }
  }

  /** Records a call of libcurl's socket callback. */
  socket(fd: number, what: number): void {
    if (what === CURL_POLL_REMOVE) this.gone(fd);
    else if (this.#adding) this.#fd = fd;
  }

  /** The number belongs, or is about to belong, to another descriptor. */
  gone(fd: number): void {
    if (fd === this.#fd) this.#fd = -1;
  }

  /** Drains the descriptor, if `fd` is it, before libcurl looks at what its threads have done. */
  drain(fd: number): void {
    if (fd === this.#fd) libc.read(fd, this.#bytes, this.#bytes.length);
  }
}
