/**
 * The wake-up descriptor of a multi handle, which threads of name lookups write to so that libcurl
 * continues. With the oddity `neverDrainsWakeFd` the poller would report it for ever, so curlew
 * drains it.
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

  /**
   * Adds a handle, and records the descriptor that libcurl names meanwhile: no transfer has a
   * socket yet.
   */
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

  /** Drains the descriptor, if `fd` is it, before libcurl processes the results of its threads. */
  drain(fd: number): void {
    if (fd === this.#fd) libc.read(fd, this.#bytes, this.#bytes.length);
  }
}
