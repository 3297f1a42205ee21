/** A minimal event loop on libcurl's multi_socket API with one epoll descriptor. */
import { epoll } from "../../ffi/libc.ts";
import { Struct } from "../../ffi/memory.ts";
import type { NonNullPointer } from "../../ffi/native.ts";
import { native } from "../../ffi/runtime.ts";
import { curl, Epoll, sleep, type Transfer } from "./support.ts";

const MOPT = { SOCKETFUNCTION: 20001, TIMERFUNCTION: 20004 } as const;
const POLL_REMOVE = 4;
const CURLMSG_DONE = 1;
const NO_SOCKET = -1;

// CURL *, curl_socket_t, int what, void *userp, void *socketp
const SOCKET = { args: ["pointer", "socket", "i32", "pointer", "u32"], result: "i32" } as const;
// CURLM *, long ms, void *userp
const TIMER = { args: ["pointer", "long", "pointer"], result: "i32" } as const;

/**
 * Drives a multi handle. With `keepSockets` each descriptor stays in epoll after CURL_POLL_REMOVE.
 */
export class Loop {
  readonly multi: NonNullPointer = curl.curl_multi_init() as NonNullPointer;
  readonly epoll: Epoll = new Epoll();
  /** The result of each finished transfer, by its easy's address. */
  readonly results: Map<number, number> = new Map<number, number>();
  /** Each call of the socket callback. */
  readonly announced: { fd: number; what: number; token: number }[] = [];
  #deadline = Infinity;
  readonly #running = new Int32Array(1);
  readonly #keepSockets: boolean;
  readonly #socket = native.callback(SOCKET, (_easy, fd, what, _data, token) => {
    this.announced.push({ fd, what, token });
    if (what === POLL_REMOVE) {
      if (!this.#keepSockets) this.epoll.set(epoll.DEL, fd);
    } else if (this.epoll.set(epoll.ADD, fd, this.#mask(what)) < 0) {
      this.epoll.set(epoll.MOD, fd, this.#mask(what));
    }
    return 0;
  });
  readonly #timer = native.callback(TIMER, (_multi, ms) => {
    this.#deadline = ms < 0 ? Infinity : performance.now() + ms;
    return 0;
  });

  constructor({ keepSockets = false }: { keepSockets?: boolean } = {}) {
    this.#keepSockets = keepSockets;
    curl.curl_multi_setopt.pointer(this.multi, MOPT.SOCKETFUNCTION, this.#socket.pointer);
    curl.curl_multi_setopt.pointer(this.multi, MOPT.TIMERFUNCTION, this.#timer.pointer);
  }

  // CURL_POLL_IN 1, OUT 2, INOUT 3
  #mask(what: number): number {
    return (what & 1 ? epoll.IN : 0) | (what & 2 ? epoll.OUT : 0);
  }

  add(transfer: Transfer): void {
    const code = curl.curl_multi_add_handle(this.multi, transfer.easy);
    if (code !== 0) throw new Error(`curl_multi_add_handle failed with ${code}`);
  }

  /** The result of the transfer, `undefined` while it runs. */
  resultOf(transfer: Transfer): number | undefined {
    return this.results.get(native.address(transfer.easy));
  }

  #action(fd: number, mask: number): void {
    const code = curl.curl_multi_socket_action(this.multi, fd, mask, this.#running);
    if (code !== 0) throw new Error(`curl_multi_socket_action failed with ${code}`);
    const left = new Int32Array(1);
    for (;;) {
      const message = curl.curl_multi_info_read(this.multi, left);
      if (message === null) return;
      const fields = new Struct(message, 24); // CURLMSG msg @0, CURL *easy @8, CURLcode @16
      if (fields.i32(0) === CURLMSG_DONE) this.results.set(fields.address(8), fields.i32(16));
    }
  }

  /** Serves the timeout and the ready sockets; waits at most `ms` for a socket. */
  turn(ms = 0): void {
    if (performance.now() >= this.#deadline) {
      this.#deadline = Infinity;
      this.#action(NO_SOCKET, 0);
    }
    for (const { fd, events } of this.epoll.wait(ms)) {
      const failed = events & (epoll.ERR | epoll.HUP) ? 4 : 0;
      this.#action(fd, (events & epoll.IN ? 1 : 0) | (events & epoll.OUT ? 2 : 0) | failed);
    }
  }

  /** Makes turns until `enough`, and lets the runtime's own loop run too. */
  async until(enough: () => boolean, timeoutMs = 6000): Promise<void> {
    const end = performance.now() + timeoutMs;
    while (!enough()) {
      if (performance.now() > end) throw new Error(`the loop did not end in ${timeoutMs} ms`);
      this.turn(2);
      await sleep(0);
    }
  }

  /** Adds the transfer, drives it to its end, removes it. */
  async perform(transfer: Transfer): Promise<number> {
    this.add(transfer);
    await this.until(() => this.resultOf(transfer) !== undefined);
    curl.curl_multi_remove_handle(this.multi, transfer.easy);
    return this.resultOf(transfer) as number;
  }

  /** The easies are removed already; callbacks are closed last. */
  [Symbol.dispose](): void {
    curl.curl_multi_cleanup(this.multi);
    this.#socket.close();
    this.#timer.close();
    this.epoll[Symbol.dispose]();
  }
}
