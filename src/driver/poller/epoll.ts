/**
 * The poller of Linux: epoll.
 *
 * @module
 */

import { EFD_CLOEXEC_NONBLOCK, epoll, epollLayout, libc } from "../../../ffi/libc.ts";
import { native } from "../../../ffi/mod.ts";
import { check, FAILED, type Poller, READ, WRITE } from "./poller.ts";

/** The most events that one call takes: the loop checks the time between two calls. */
const CAPACITY = 64;

/** A {@linkcode Poller} on epoll, with an eventfd for {@linkcode Poller.wake}. */
export class EpollPoller implements Poller {
  readonly fd: number = check("epoll_create1", libc.epoll_create1(epoll.CLOEXEC));
  readonly capacity: number = CAPACITY;
  readonly #words: number;
  readonly #data: number;
  // the array has its own ArrayBuffer, which the engine does not move during a call
  readonly #events: Int32Array<ArrayBuffer>;
  readonly #change = new Int32Array(new ArrayBuffer(16));
  #wakeFd = -1;

  /** Opens an epoll descriptor. Tests pass `arch` to see the layout of another architecture. */
  constructor(arch: string = native.arch) {
    const { words, data } = epollLayout(arch);
    this.#words = words;
    this.#data = data;
    this.#events = new Int32Array(new ArrayBuffer(CAPACITY * words * 4));
  }

  set(fd: number, interest: number, tag: number): void {
    // whether the kernel still knows the number depends on who has closed it: neither is an error
    if (this.#control(epoll.ADD, fd, interest, tag) === 0) return;
    check("epoll_ctl", this.#control(epoll.MOD, fd, interest, tag));
  }

  #control(operation: number, fd: number, interest: number, tag: number): number {
    const change = this.#change;
    change[0] = (interest & READ ? epoll.IN : 0) | (interest & WRITE ? epoll.OUT : 0);
    change[this.#data] = fd;
    change[this.#data + 1] = tag;
    return libc.epoll_ctl(this.fd, operation, fd, change);
  }

  confirm(fd: number, interest: number, tag: number): boolean {
    // the kernel searches for the pair of number and file, so it does not find a new file with that
    // number
    return this.#control(epoll.MOD, fd, interest, tag) === 0;
  }

  delete(fd: number): void {
    libc.epoll_ctl(this.fd, epoll.DEL, fd, this.#change);
  }

  ready(): number {
    const count = libc.epoll_wait(this.fd, this.#events, CAPACITY, 0);
    if (this.#wakeFd < 0) return Math.max(count, 0);
    for (let i = 0; i < count; i++) {
      if (this.fdAt(i) === this.#wakeFd) return this.#takeWake(i, count);
    }
    return Math.max(count, 0);
  }

  /** Drains the eventfd, and moves the last event to the place of its event. */
  #takeWake(at: number, count: number): number {
    libc.read(this.#wakeFd, new Uint8Array(new ArrayBuffer(8)), 8);
    const last = (count - 1) * this.#words;
    this.#events.copyWithin(at * this.#words, last, last + this.#words);
    return count - 1;
  }

  fdAt(event: number): number {
    return this.#events[event * this.#words + this.#data] as number;
  }

  maskAt(event: number): number {
    const bits = this.#events[event * this.#words] as number;
    return (bits & epoll.IN ? READ : 0) | (bits & epoll.OUT ? WRITE : 0) |
      (bits & (epoll.ERR | epoll.HUP) ? FAILED : 0);
  }

  tagAt(event: number): number {
    return this.#events[event * this.#words + this.#data + 1] as number;
  }

  prepareWake(): void {
    if (this.#wakeFd < 0) this.#wakeFd = this.#makeWake();
  }

  wake(): void {
    this.prepareWake();
    libc.write(this.#wakeFd, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]), 8);
  }

  #makeWake(): number {
    const fd = check("eventfd", libc.eventfd(0, EFD_CLOEXEC_NONBLOCK));
    try {
      this.set(fd, READ, 0);
    } catch (error) {
      libc.close(fd);
      throw error;
    }
    return fd;
  }

  close(): void {
    if (this.#wakeFd >= 0) libc.close(this.#wakeFd);
    libc.close(this.fd);
  }
}
