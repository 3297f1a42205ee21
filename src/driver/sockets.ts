/**
 * The sockets of one multi: what libcurl wants of each, and what the poller knows of it.
 *
 * A socket may stay in the poller after libcurl has let go of it (`CURL_POLL_REMOVE`), so that
 * the next request on a kept connection costs no system call. That is safe only where curlew
 * hears of the socket's end: where it was announced by SOCKOPTFUNCTION and the same handle has
 * curlew's CLOSESOCKETFUNCTION. Every other socket leaves the poller at once, since it may be
 * closed without a word and its number given to another.
 *
 * @module
 */

import type { SocketWatcher } from "../handles/easy_state.ts";
import { type Poller, WRITE } from "./poller.ts";

const CURL_POLL_REMOVE = 4;

interface Socket {
  readonly fd: number;
  /** Which life of the number this is: events of another one are dropped. */
  generation: number;
  /** What libcurl wants to be told. */
  interest: number;
  /** What the poller tells. */
  registered: number;
  /** Whether its end will be announced. */
  announced: boolean;
  dirty: boolean;
}

/** See the module. */
export class Sockets implements SocketWatcher {
  readonly #poller: Poller;
  readonly #sockets = new Map<number, Socket>();
  #dirty: Socket[] = [];
  #generation = 0;
  #wanted = 0;

  /** Registers in that poller. */
  constructor(poller: Poller) {
    this.#poller = poller;
  }

  /** How many sockets libcurl wants watched. */
  get wanted(): number {
    return this.#wanted;
  }

  /** How many sockets are known, with those of idle connections. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Whether there is anything to {@linkcode apply}. */
  get changed(): boolean {
    return this.#dirty.length > 0;
  }

  /** libcurl's socket callback: bookkeeping, nothing else. `what` is a `CURL_POLL_*`. */
  socket(fd: number, what: number): void {
    let socket = this.#sockets.get(fd);
    if (what === CURL_POLL_REMOVE) {
      if (socket) this.#remove(socket);
      return;
    }
    socket ??= this.#add(fd, false);
    // CURL_POLL_IN and _OUT are the bits of READ and WRITE
    this.#want(socket, what);
    if (!socket.dirty) {
      socket.dirty = true;
      this.#dirty.push(socket);
    }
  }

  #add(fd: number, announced: boolean): Socket {
    const generation = this.#generation = (this.#generation + 1) | 0;
    const socket = { fd, generation, interest: 0, registered: 0, announced, dirty: false };
    this.#sockets.set(fd, socket);
    return socket;
  }

  #want(socket: Socket, interest: number): void {
    if (interest !== 0 && socket.interest === 0) this.#wanted++;
    if (interest === 0 && socket.interest !== 0) this.#wanted--;
    socket.interest = interest;
  }

  #remove(socket: Socket): void {
    this.#want(socket, 0);
    if (!socket.announced) this.#forget(socket);
    // being writable is the normal state of an idle socket: it would be told for ever
    else if (socket.registered & WRITE) this.#unregister(socket);
  }

  #unregister(socket: Socket): void {
    if (socket.registered === 0) return;
    socket.registered = 0;
    this.#poller.delete(socket.fd);
  }

  #forget(socket: Socket): void {
    this.#want(socket, 0);
    this.#unregister(socket);
    this.#sockets.delete(socket.fd);
  }

  /** A new socket with that number: whatever was known of the number is void. */
  opened(fd: number): void {
    const former = this.#sockets.get(fd);
    if (former) this.#forget(former);
    this.#add(fd, true);
  }

  /** The number is about to be closed. */
  closing(fd: number): void {
    const socket = this.#sockets.get(fd);
    if (socket) this.#forget(socket);
  }

  /** Tells the poller what has changed, and only that. */
  apply(): void {
    const dirty = this.#dirty;
    if (dirty.length === 0) return;
    this.#dirty = [];
    for (const socket of dirty) {
      socket.dirty = false;
      if (this.#sockets.get(socket.fd) === socket) this.#register(socket);
    }
  }

  #register(socket: Socket): void {
    const { fd, interest, registered } = socket;
    if (interest === registered) return;
    if (interest === 0) return this.#unregister(socket);
    this.#poller.set(fd, interest, socket.generation);
    socket.registered = interest;
  }

  /**
   * Takes what is ready and passes on what libcurl still wants to know, as the bits of
   * `CURL_CSELECT_*`.
   *
   * @returns how many events there were.
   */
  serve(action: (fd: number, mask: number) => void): number {
    const poller = this.#poller, count = poller.ready();
    for (let i = 0; i < count; i++) {
      const fd = poller.fdAt(i), socket = this.#sockets.get(fd);
      if (!socket) poller.delete(fd);
      else if (socket.generation !== poller.tagAt(i)) continue; // of a former life
      else if (socket.interest === 0) this.#unregister(socket); // an idle connection ended
      else action(fd, poller.maskAt(i));
    }
    return count;
  }

  /** The sockets, for checks: fd, interest and registration. */
  *entries(): Generator<Readonly<Pick<Socket, "fd" | "interest" | "registered" | "announced">>> {
    yield* this.#sockets.values();
  }
}
