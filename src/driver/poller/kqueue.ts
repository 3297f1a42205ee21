/**
 * The poller of macOS: kqueue. Unit tests on Linux cover its logic and the layout of its structs;
 * it has not run on macOS yet.
 *
 * @module
 */

import { kqueue, libc } from "../../../ffi/libc.ts";
import { check, FAILED, type Poller, READ, WRITE } from "./poller.ts";

const CAPACITY = 128;
const { EVFILT_READ, EVFILT_WRITE, EVFILT_USER, EV_ADD, EV_DELETE, EV_ENABLE, EV_CLEAR, SIZE } =
  kqueue;
const WAKE = 0;

type Buffer = Uint8Array<ArrayBuffer>;

/** The system calls of the poller, which a test replaces. */
export interface KqueueCalls {
  kqueue(): number;
  kevent(
    kq: number,
    changes: Buffer | null,
    changeCount: number,
    events: Buffer | null,
    eventCount: number,
    timeout: Buffer | null,
  ): number;
  close(fd: number): number;
}

interface Registration {
  interest: number;
  tag: number;
}

/** A {@linkcode Poller} on kqueue, whose events for each direction are merged by fd. */
export class KqueuePoller implements Poller {
  readonly fd: number;
  readonly capacity: number = CAPACITY;
  readonly #calls: KqueueCalls;
  readonly #known = new Map<number, Registration>();
  readonly #changes = new DataView(new ArrayBuffer(2 * SIZE));
  readonly #events = new DataView(new ArrayBuffer(CAPACITY * SIZE));
  readonly #now = new Uint8Array(new ArrayBuffer(16)); // struct timespec of zero
  #found: { fd: number; mask: number; tag: number }[] = [];
  #wakes = false;

  /** Opens a kqueue descriptor. */
  constructor(calls: KqueueCalls = libc) {
    this.#calls = calls;
    this.fd = check("kqueue", calls.kqueue());
  }

  set(fd: number, interest: number, tag: number): void {
    const old = this.#known.get(fd);
    this.#known.set(fd, { interest, tag });
    for (const [bit, filter] of [[READ, EVFILT_READ], [WRITE, EVFILT_WRITE]] as const) {
      // adding a filter again replaces the tag, and is no error for a number that was closed
      // meanwhile
      if (interest & bit) check("kevent", this.#apply(fd, filter, EV_ADD, tag));
      else if (old && old.interest & bit) this.#apply(fd, filter, EV_DELETE, tag);
    }
  }

  delete(fd: number): void {
    const old = this.#known.get(fd);
    if (!old) return;
    this.#known.delete(fd);
    // an unknown or closed descriptor gives ENOENT or EBADF, which is no error here
    if (old.interest & READ) this.#apply(fd, EVFILT_READ, EV_DELETE, 0);
    if (old.interest & WRITE) this.#apply(fd, EVFILT_WRITE, EV_DELETE, 0);
  }

  confirm(fd: number, interest: number, tag: number): boolean {
    const known = this.#known.get(fd);
    if (known?.tag !== tag || known.interest !== interest) return false;
    // enabling an enabled filter changes nothing; ENOENT means that the descriptor was closed,
    // which removes its filters
    return ([[READ, EVFILT_READ], [WRITE, EVFILT_WRITE]] as const)
      .every(([bit, filter]) => !(interest & bit) || this.#apply(fd, filter, EV_ENABLE, tag) >= 0);
  }

  #apply(ident: number, filter: number, flags: number, tag: number, fflags = 0): number {
    const change = this.#changes;
    change.setBigUint64(0, BigInt(ident), true);
    change.setInt16(8, filter, true);
    change.setUint16(10, flags, true);
    change.setUint32(12, fflags, true);
    change.setBigInt64(16, 0n, true);
    change.setBigUint64(24, BigInt(tag >>> 0), true);
    const bytes = new Uint8Array(change.buffer);
    return this.#calls.kevent(this.fd, bytes, 1, null, 0, this.#now);
  }

  ready(): number {
    const bytes = new Uint8Array(this.#events.buffer);
    const count = this.#calls.kevent(this.fd, null, 0, bytes, CAPACITY, this.#now);
    const byFd = new Map<number, { fd: number; mask: number; tag: number }>();
    for (let i = 0; i < count; i++) this.#collect(i * SIZE, byFd);
    this.#found = [...byFd.values()];
    return this.#found.length;
  }

  #collect(at: number, byFd: Map<number, { fd: number; mask: number; tag: number }>): void {
    const event = this.#events;
    const fd = Number(event.getBigUint64(at, true)), filter = event.getInt16(at + 8, true);
    if (filter === EVFILT_USER) return;
    const flags = event.getUint16(at + 10, true);
    const tag = Number(event.getBigUint64(at + 24, true)) | 0;
    const mask = (filter === EVFILT_READ ? READ : WRITE) |
      (flags & (kqueue.EV_EOF | kqueue.EV_ERROR) ? FAILED : 0);
    const known = byFd.get(fd);
    if (known) known.mask |= mask;
    else byFd.set(fd, { fd, mask, tag });
  }

  fdAt(event: number): number {
    return this.#found[event]?.fd ?? -1;
  }

  maskAt(event: number): number {
    return this.#found[event]?.mask ?? 0;
  }

  tagAt(event: number): number {
    return this.#found[event]?.tag ?? 0;
  }

  prepareWake(): void {
    if (this.#wakes) return;
    check("kevent", this.#apply(WAKE, EVFILT_USER, EV_ADD | EV_CLEAR, 0));
    this.#wakes = true;
  }

  wake(): void {
    this.prepareWake();
    check("kevent", this.#apply(WAKE, EVFILT_USER, 0, 0, kqueue.NOTE_TRIGGER));
  }

  close(): void {
    this.#calls.close(this.fd);
  }
}
