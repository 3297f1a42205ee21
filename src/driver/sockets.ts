/**
 * The sockets of one multi handle: the directions that libcurl wants of each, and the registration
 * of each in the poller.
 *
 * A socket may stay registered after libcurl has stopped using it (`CURL_POLL_REMOVE`), so that the
 * next request on a kept connection costs no system call. That is safe only where curlew is called
 * when the socket is closed: it was announced by SOCKOPTFUNCTION, and the same handle has curlew's
 * CLOSESOCKETFUNCTION. Every other socket is removed from the poller at once, since libcurl may
 * close it silently and the system may give its number to another. Events of a socket that libcurl
 * does not use go to a {@linkcode KeptSocketListener}.
 *
 * @module
 */

import { flags } from "../../ffi/curl/flags.ts";
import type { Pointer } from "../../ffi/mod.ts";
import type { SocketWatcher } from "../handles/core/close_hook.ts";
import { bitsToTell, FAILED, type Poller, READ, WRITE } from "./poller/poller.ts";

const { CURL_POLL_REMOVE } = flags;

/** Receives the events of sockets for which {@linkcode Sockets.await} was called. */
export interface SocketWaitListener {
  /** The socket is ready for these directions, bits of READ and WRITE. */
  ready(fd: number, directions: number): void;
  /** The socket was closed before it was ready. */
  gone(fd: number): void;
}

/** Decides what is done about events of kept sockets: `quirks/unread_bytes.ts`. */
export interface KeptSocketListener {
  /** libcurl has started to use the socket, for that `CURL *`. */
  used(socket: Socket, easy: Pointer): void;
  /** libcurl has stopped using the socket, which it has used for that `CURL *`. */
  left(socket: Socket, easy: Pointer): void;
  /** A socket that libcurl does not use has become readable. Its registration has ended. */
  readable(socket: Socket): void;
}

/** The record of one socket. Directions are bits of READ and WRITE. */
export interface Socket {
  readonly fd: number;
  /**
   * The number of this use of the fd: events of a socket that had the same fd before are dropped.
   */
  generation: number;
  /** The directions that libcurl waits for. */
  interest: number;
  /** The directions that users wait for, each until it was reported once. */
  awaited: number;
  /** The directions that the poller watches. */
  registered: number;
  /** CLOSESOCKETFUNCTION will announce the end of the socket. */
  announced: boolean;
  /** libcurl has asked to read, so the socket was connected. */
  wasConnected: boolean;
  /** The registration in the poller is not up to date. */
  dirty: boolean;
  /** When the socket was served last: the count of actions by then. */
  served: number;
  /**
   * The socket is kept and has unread bytes, so it is not watched: the poller would report it for
   * ever.
   */
  muted: boolean;
  /**
   * The `CURL *` that libcurl has last named the socket for, and the number of transfers begun by
   * then.
   */
  user: Pointer;
  usedAt: number;
  /**
   * When libcurl stopped using the socket, on the clock of `performance.now()`, where that is
   * recorded.
   */
  leftMs: number;
  /**
   * The connection belongs to the agent and carries one transfer at a time; `null`: not known yet.
   */
  exclusive: boolean | null;
}

/** The sockets of one multi handle. */
export class Sockets implements SocketWatcher {
  readonly #poller: Poller;
  readonly #closesUnconnectedSilently: boolean;
  readonly #sockets = new Map<number, Socket>();
  #dirty: Socket[] = [];
  /** The sockets announced since the last {@linkcode apply}. */
  #new: Socket[] = [];
  #generation = 0;
  #clock = 0;
  /** The last {@linkcode serve} ran out of time before it had served every event. */
  #cutShort = false;
  #wanted = 0;
  /** Receives the events of {@linkcode await}. */
  waitListener: SocketWaitListener | null = null;
  /**
   * The listener for kept sockets. Without one they are watched only while that costs no system
   * call.
   */
  keptListener: KeptSocketListener | null = null;

  /**
   * Registers sockets in `poller`. `closesUnconnectedSilently` is an oddity: libcurl closes a
   * socket that never connected without calling CLOSESOCKETFUNCTION.
   */
  constructor(poller: Poller, closesUnconnectedSilently = false) {
    this.#poller = poller;
    this.#closesUnconnectedSilently = closesUnconnectedSilently;
  }

  /** The number of sockets that libcurl waits for. */
  get wanted(): number {
    return this.#wanted;
  }

  /** The number of open sockets, those of idle connections included. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Whether libcurl does not wait for the socket. */
  isUnwanted(fd: number): boolean {
    return (this.#sockets.get(fd)?.interest ?? 0) === 0;
  }

  /** Records a call of libcurl's socket callback. `what` is a `CURL_POLL_*`. */
  socket(fd: number, what: number, easy: Pointer = null): void {
    if (fd < 0) return; // libcurl 7.88 may pass -1 for a transfer whose connection was just closed
    let socket = this.#sockets.get(fd);
    if (what === CURL_POLL_REMOVE) {
      if (socket) this.#remove(socket, easy);
      return;
    }
    socket ??= this.#add(fd, false);
    this.keptListener?.used(socket, easy);
    if (what & READ) socket.wasConnected = true;
    this.#want(socket, what); // the bits of CURL_POLL_* are those of READ and WRITE
    this.#markDirty(socket);
  }

  #markDirty(socket: Socket): void {
    if (socket.dirty) return;
    socket.dirty = true;
    this.#dirty.push(socket);
  }

  /**
   * Calls the listener once when the socket is ready for `directions`. The poller watches the union
   * of these and of libcurl's. Throws `CurlMultiError` where the system refuses.
   */
  await(fd: number, directions: number): void {
    const socket = this.#sockets.get(fd) ?? this.#add(fd, false), before = socket.awaited;
    socket.awaited |= directions;
    try {
      this.#register(socket);
    } catch (error) {
      socket.awaited = before;
      this.#afterLessInterest(socket);
      throw error;
    }
  }

  /** Cancels {@linkcode await} for `directions`. */
  unawait(fd: number, directions: number): void {
    const socket = this.#sockets.get(fd);
    if (!socket) return;
    socket.awaited &= ~directions;
    this.#afterLessInterest(socket);
  }

  #add(fd: number, announced: boolean): Socket {
    const generation = this.#generation = (this.#generation + 1) | 0;
    const socket: Socket = {
      fd,
      generation,
      interest: 0,
      awaited: 0,
      registered: 0,
      announced,
      wasConnected: false,
      dirty: false,
      served: 0,
      muted: false,
      user: null,
      usedAt: 0,
      leftMs: -Infinity,
      exclusive: null,
    };
    this.#sockets.set(fd, socket);
    return socket;
  }

  #want(socket: Socket, interest: number): void {
    if (interest !== 0 && socket.interest === 0) this.#wanted++;
    if (interest === 0 && socket.interest !== 0) this.#wanted--;
    socket.interest = interest;
    socket.muted = false;
  }

  #remove(socket: Socket, easy: Pointer): void {
    const listener = this.keptListener;
    if (listener !== null && socket.announced) listener.left(socket, easy);
    this.#want(socket, 0);
    this.#afterLessInterest(socket);
  }

  /** To be called after libcurl or a user waits for fewer directions of a socket than before. */
  #afterLessInterest(socket: Socket): void {
    const { announced, wasConnected } = socket;
    const mayVanish = !announced || (this.#closesUnconnectedSilently && !wasConnected);
    if (socket.interest | socket.awaited) this.#markDirty(socket);
    else if (mayVanish) this.#forget(socket);
    else if (this.keptListener) {
      if (socket.registered !== READ) this.#markDirty(socket);
    } // an idle socket is always writable: the poller would report it for ever
    else if (socket.registered & WRITE) this.#unregister(socket);
  }

  /** Watches a kept socket again that was removed because of unread bytes. */
  watchAgain(socket: Socket): void {
    if (this.#sockets.get(socket.fd) !== socket) return;
    socket.muted = false;
    this.#markDirty(socket);
  }

  #unregister(socket: Socket): void {
    if (socket.registered === 0) return;
    socket.registered = 0;
    this.#poller.delete(socket.fd);
  }

  #forget(socket: Socket): void {
    const { fd, awaited } = socket;
    this.#want(socket, 0);
    socket.awaited = 0;
    this.#unregister(socket);
    this.#sockets.delete(fd);
    if (awaited) this.waitListener?.gone(fd);
  }

  /** A new socket has that number, so the records of an earlier one are dropped. */
  opened(fd: number): void {
    const former = this.#sockets.get(fd);
    if (former) this.#forget(former);
    this.#new.push(this.#add(fd, true));
  }

  /** The socket with that number is about to be closed. */
  closing(fd: number): void {
    const socket = this.#sockets.get(fd);
    if (socket) this.#forget(socket);
  }

  /** Updates the registrations in the poller. */
  apply(): void {
    if (this.#new.length > 0) this.#dropUnusedNew();
    const dirty = this.#dirty;
    if (dirty.length === 0) return;
    this.#dirty = [];
    for (const socket of dirty) {
      socket.dirty = false;
      if (this.#sockets.get(socket.fd) === socket) this.#register(socket);
    }
  }

  /**
   * Drops the new sockets that libcurl does not use. libcurl waits for a new socket in the call
   * that opens it, or has closed it there, which 7.88 does silently: the number may be another's by
   * now.
   */
  #dropUnusedNew(): void {
    for (const socket of this.#new) {
      const isUnused = socket.interest === 0 && socket.awaited === 0 && socket.registered === 0;
      if (isUnused && this.#sockets.get(socket.fd) === socket) this.#sockets.delete(socket.fd);
    }
    this.#new = [];
  }

  #register(socket: Socket): void {
    const { fd, registered } = socket, wanted = socket.interest | socket.awaited;
    const isKept = wanted === 0 && this.keptListener !== null && !socket.muted;
    const interest = isKept ? READ : wanted;
    if (interest === registered) return;
    if (interest === 0) return this.#unregister(socket);
    this.#poller.set(fd, interest, socket.generation);
    socket.registered = interest;
  }

  /**
   * Serves the sockets that are ready: ends the waits of users, and calls `action` with the bits of
   * `CURL_CSELECT_*` that libcurl still wants, until all events are served or `isOver`. One action
   * may take long, since libcurl continues all busy transfers in it. The sockets that were not
   * served come first the next time.
   *
   * @returns the number of events, without those that only users waited for.
   */
  serve(action: (fd: number, mask: number) => void, isOver: () => boolean = () => false): number {
    const poller = this.#poller, count = poller.ready();
    this.#endKept(count);
    const order = this.#cutShort ? this.#leastRecentlyServed(count) : null;
    this.#cutShort = false;
    let users = 0;
    for (let i = 0; i < count; i++) {
      const event = order ? order[i] as number : i;
      const fd = poller.fdAt(event), socket = this.#sockets.get(fd);
      if (!socket) poller.delete(fd);
      // an event of an earlier socket with that number
      else if (socket.generation !== poller.tagAt(event)) continue;
      else {
        const mask = poller.maskAt(event), wasAwaited = this.#tellUsers(socket, mask);
        if (socket.interest === 0) {
          if (wasAwaited) users++;
          // users still wait for the other direction
          else if (socket.awaited) this.#markDirty(socket);
          else if (socket.registered !== 0) this.#keptEvent(socket);
          continue;
        }
        socket.served = ++this.#clock;
        action(fd, bitsToTell(mask, socket.interest));
        if (!isOver()) continue;
        this.#cutShort = i + 1 < count;
        return i + 1 - users;
      }
    }
    return count - users;
  }

  /**
   * Reports the events of kept sockets to the listener, before libcurl may give one of them to a
   * transfer. Events of other sockets stay in the poller.
   */
  lookAtKept(): void {
    if (this.keptListener === null || this.#sockets.size === this.#wanted) return;
    this.apply();
    const { capacity } = this.#poller;
    for (let left = this.#sockets.size; left >= 0; left -= capacity) {
      const count = this.#poller.ready();
      this.#endKept(count);
      if (count < capacity) return;
    }
  }

  /** Reports those among the events that the poller has just taken. */
  #endKept(count: number): void {
    if (this.keptListener === null || this.#sockets.size === this.#wanted) return;
    for (let event = 0; event < count; event++) {
      const socket = this.#sockets.get(this.#poller.fdAt(event));
      if (!socket || socket.interest !== 0 || socket.awaited !== 0) continue;
      if (socket.generation === this.#poller.tagAt(event)) this.#keptEvent(socket);
    }
  }

  #keptEvent(socket: Socket): void {
    this.#unregister(socket);
    socket.muted = true;
    this.keptListener?.readable(socket);
  }

  /** Ends the waits of users for these directions; an error ends those for both. */
  #tellUsers(socket: Socket, mask: number): boolean {
    const ready = socket.awaited & (mask & FAILED ? READ | WRITE : mask);
    if (ready === 0) return false;
    socket.awaited &= ~ready;
    this.waitListener?.ready(socket.fd, ready);
    this.#afterLessInterest(socket);
    return true;
  }

  /** The poller's events, those first whose sockets were served least recently. */
  #leastRecentlyServed(count: number): number[] {
    const served = (event: number) => this.#sockets.get(this.#poller.fdAt(event))?.served ?? 0;
    return Array.from({ length: count }, (_, i) => i).sort((a, b) => served(a) - served(b));
  }

  /** The sockets, for checks. */
  *entries(): Generator<Readonly<Socket>> {
    yield* this.#sockets.values();
  }
}
