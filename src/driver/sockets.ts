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

import { flags } from "../../ffi/curl/flags.ts";
import type { SocketWatcher } from "../handles/core/close_hook.ts";
import { FAILED, type Poller, READ, WRITE } from "./poller/poller.ts";

const { CURL_POLL_REMOVE } = flags;

/** Told of what {@linkcode Sockets.await} has asked for. */
export interface SocketWaitListener {
  /** The socket is ready for these directions, bits of READ and WRITE. */
  ready(fd: number, directions: number): void;
  /** The socket is gone, before it was ready. */
  gone(fd: number): void;
}

/** What is known of a socket. */
export interface Socket {
  readonly fd: number;
  /** Which life of the number this is: events of another one are dropped. */
  generation: number;
  /** What libcurl wants to be told. */
  interest: number;
  /** What users wait for, until it is told once. */
  awaited: number;
  /** What the poller tells. */
  registered: number;
  /** Whether its end will be announced. */
  announced: boolean;
  /** Whether libcurl has listened to it, so that it was connected. */
  heard: boolean;
  dirty: boolean;
  /** When it was served last, on a clock that counts actions. */
  served: number;
}

/** See the module. */
export class Sockets implements SocketWatcher {
  readonly #poller: Poller;
  readonly #closesMutely: boolean;
  readonly #sockets = new Map<number, Socket>();
  #dirty: Socket[] = [];
  /** Announced since the last time, which libcurl may not have listened to yet. */
  #fresh: Socket[] = [];
  #generation = 0;
  #clock = 0;
  /** Whether the last time there was more than could be served. */
  #cutShort = false;
  #wanted = 0;
  waitListener: SocketWaitListener | null = null;

  /** Registers in that poller. `closesMutely` is the one of the quirks. */
  constructor(poller: Poller, closesMutely = false) {
    this.#poller = poller;
    this.#closesMutely = closesMutely;
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
    if (fd < 0) return; // 7.88 may say so of a transfer whose connection is just gone
    let socket = this.#sockets.get(fd);
    if (what === CURL_POLL_REMOVE) {
      if (socket) this.#remove(socket);
      return;
    }
    socket ??= this.#add(fd, false);
    // CURL_POLL_IN and _OUT are the bits of READ and WRITE
    if (what & READ) socket.heard = true;
    this.#want(socket, what);
    this.#soil(socket);
  }

  #soil(socket: Socket): void {
    if (socket.dirty) return;
    socket.dirty = true;
    this.#dirty.push(socket);
  }

  /**
   * Somebody waits for READ or WRITE, until it is told once; the poller watches for what they
   * and libcurl want. Throws where the system refuses.
   */
  await(fd: number, directions: number): void {
    const socket = this.#sockets.get(fd) ?? this.#add(fd, false), before = socket.awaited;
    socket.awaited |= directions;
    try {
      this.#register(socket);
    } catch (error) {
      socket.awaited = before;
      this.#rest(socket);
      throw error;
    }
  }

  /** Nobody waits for that any more. */
  unawait(fd: number, directions: number): void {
    const socket = this.#sockets.get(fd);
    if (!socket) return;
    socket.awaited &= ~directions;
    this.#rest(socket);
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
      heard: false,
      dirty: false,
      served: 0,
    };
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
    this.#rest(socket);
  }

  /** Somebody wants less of a socket than before. */
  #rest(socket: Socket): void {
    if (socket.interest | socket.awaited) this.#soil(socket);
    else if (!socket.announced || (this.#closesMutely && !socket.heard)) this.#forget(socket);
    // being writable is the normal state of an idle socket: it would be told for ever
    else if (socket.registered & WRITE) this.#unregister(socket);
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

  /** A new socket with that number: whatever was known of the number is void. */
  opened(fd: number): void {
    const former = this.#sockets.get(fd);
    if (former) this.#forget(former);
    this.#fresh.push(this.#add(fd, true));
  }

  /** The number is about to be closed. */
  closing(fd: number): void {
    const socket = this.#sockets.get(fd);
    if (socket) this.#forget(socket);
  }

  /** Tells the poller what has changed, and only that. */
  apply(): void {
    if (this.#fresh.length > 0) this.#sift();
    const dirty = this.#dirty;
    if (dirty.length === 0) return;
    this.#dirty = [];
    for (const socket of dirty) {
      socket.dirty = false;
      if (this.#sockets.get(socket.fd) === socket) this.#register(socket);
    }
  }

  /**
   * libcurl listens to a new socket in the call that opens it, or has closed it there, which 7.88
   * does without a word: then its number may be that of another, of which nobody hears.
   */
  #sift(): void {
    for (const socket of this.#fresh) {
      const isUnused = socket.interest === 0 && socket.awaited === 0 && socket.registered === 0;
      if (isUnused && this.#sockets.get(socket.fd) === socket) this.#sockets.delete(socket.fd);
    }
    this.#fresh = [];
  }

  #register(socket: Socket): void {
    const { fd, registered } = socket, interest = socket.interest | socket.awaited;
    if (interest === registered) return;
    if (interest === 0) return this.#unregister(socket);
    this.#poller.set(fd, interest, socket.generation);
    socket.registered = interest;
  }

  /**
   * Takes what is ready and passes on what libcurl still wants to know, as the bits of
   * `CURL_CSELECT_*`, until that is all or the time is over: one action may take long, since
   * libcurl goes on with all busy transfers in it. What had to wait comes first the next time.
   *
   * @returns how many events there were but for those that only users waited for, who see to the
   * rest themselves.
   */
  serve(action: (fd: number, mask: number) => void, isOver: () => boolean = () => false): number {
    const poller = this.#poller, count = poller.ready();
    const order = this.#cutShort ? this.#longestWaiting(count) : null;
    this.#cutShort = false;
    let users = 0;
    for (let i = 0; i < count; i++) {
      const event = order ? order[i] as number : i;
      const fd = poller.fdAt(event), socket = this.#sockets.get(fd);
      if (!socket) poller.delete(fd);
      else if (socket.generation !== poller.tagAt(event)) continue; // of a former life
      else {
        const mask = poller.maskAt(event), told = this.#tell(socket, mask);
        if (socket.interest === 0) {
          if (told) users++;
          else if (socket.awaited) this.#soil(socket); // not what they wait for
          else this.#unregister(socket); // an idle connection ended
          continue;
        }
        socket.served = ++this.#clock;
        // the kernel may tell of an error a moment before the end of the stream that it is: libcurl
        // does not look what it was unless there is something to read or to write
        action(fd, mask === FAILED ? mask | socket.interest : mask);
        if (!isOver()) continue;
        this.#cutShort = i + 1 < count;
        return i + 1 - users;
      }
    }
    return count - users;
  }

  /** Tells users what they wait for; an error is for all of them. */
  #tell(socket: Socket, mask: number): boolean {
    const told = socket.awaited & (mask & FAILED ? READ | WRITE : mask);
    if (told === 0) return false;
    socket.awaited &= ~told;
    this.waitListener?.ready(socket.fd, told);
    this.#rest(socket);
    return true;
  }

  /** The poller's events, those first whose sockets were not served for the longest time. */
  #longestWaiting(count: number): number[] {
    const served = (event: number) => this.#sockets.get(this.#poller.fdAt(event))?.served ?? 0;
    return Array.from({ length: count }, (_, i) => i).sort((a, b) => served(a) - served(b));
  }

  /** The sockets, for checks. */
  *entries(): Generator<Readonly<Socket>> {
    yield* this.#sockets.values();
  }
}
