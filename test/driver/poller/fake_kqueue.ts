/**
 * A kernel with kqueue, as kqueue(2) describes its use of `struct kevent`: ident u64 @0, filter i16
 * @8, flags u16 @10, fflags u32 @12, data i64 @16, udata u64 @24.
 */
import type { KqueueCalls } from "../../../src/driver/poller/kqueue.ts";

type Buffer = Uint8Array<ArrayBuffer>;

const SIZE = 32;
const READ = -1, WRITE = -2, USER = -10;
const ADD = 0x1, DELETE = 0x2, CLEAR = 0x20, EOF = 0x8000, TRIGGER = 0x01000000;

/** The state of a descriptor. */
export interface FakeFile {
  readable: boolean;
  writable: boolean;
  hungUp: boolean;
}

interface Knote {
  readonly ident: number;
  readonly filter: number;
  readonly clear: boolean;
  udata: bigint;
  triggered: boolean;
}

export interface Change {
  readonly ident: number;
  readonly filter: number;
  readonly flags: number;
  readonly fflags: number;
  readonly data: number;
  readonly udata: bigint;
}

/** The content of `count` structs. */
export function readChanges(bytes: Buffer, count: number): Change[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: count }, (_, i) => ({
    ident: Number(view.getBigUint64(i * SIZE, true)),
    filter: view.getInt16(i * SIZE + 8, true),
    flags: view.getUint16(i * SIZE + 10, true),
    fflags: view.getUint32(i * SIZE + 12, true),
    data: Number(view.getBigInt64(i * SIZE + 16, true)),
    udata: view.getBigUint64(i * SIZE + 24, true),
  }));
}

/** The kernel, as the poller's system calls. */
export class FakeKernel implements KqueueCalls {
  readonly files: Map<number, FakeFile> = new Map();
  /** Each requested change. */
  readonly changes: Change[] = [];
  readonly #queues = new Map<number, Map<string, Knote>>();

  /** Opens a descriptor with the lowest free number. */
  open(): number {
    let fd = 3;
    while (this.files.has(fd) || this.#queues.has(fd)) fd++;
    this.files.set(fd, { readable: false, writable: true, hungUp: false });
    return fd;
  }

  kqueue(): number {
    const fd = this.open();
    this.files.delete(fd);
    this.#queues.set(fd, new Map());
    return fd;
  }

  /** Closes a descriptor, which removes it from every queue. */
  close(fd: number): number {
    this.files.delete(fd);
    this.#queues.delete(fd);
    for (const knotes of this.#queues.values()) {
      for (const [key, { ident, filter }] of knotes) {
        if (ident === fd && filter !== USER) knotes.delete(key);
      }
    }
    return 0;
  }

  kevent(
    kq: number,
    changes: Buffer | null,
    changeCount: number,
    events: Buffer | null,
    eventCount: number,
    timeout: Buffer | null,
  ): number {
    const knotes = this.#queues.get(kq);
    if (!knotes || !timeout || timeout.some((byte) => byte !== 0)) return -1;
    for (const change of changes ? readChanges(changes, changeCount) : []) {
      this.changes.push(change);
      if (!this.#apply(knotes, change)) return -1;
    }
    return events ? this.#take(knotes, events, eventCount) : 0;
  }

  #apply(knotes: Map<string, Knote>, change: Change): boolean {
    const { ident, filter, flags, fflags, udata } = change;
    const key = `${ident} ${filter}`, old = knotes.get(key);
    if (filter !== USER && !this.files.has(ident) && !this.#queues.has(ident)) return false; // EBADF
    if (flags & DELETE) return knotes.delete(key); // else ENOENT
    if (!old && !(flags & ADD)) return false; // ENOENT
    const clear = (flags & CLEAR) !== 0;
    const knote = old ?? { ident, filter, clear, udata, triggered: false };
    if (flags & ADD) knote.udata = udata;
    if (filter === USER && fflags & TRIGGER) knote.triggered = true;
    knotes.set(key, knote);
    return true;
  }

  #isActive({ ident, filter, triggered }: Knote): boolean {
    if (filter === USER) return triggered;
    const file = this.files.get(ident);
    if (!file) return filter === READ && this.isReadable(ident);
    return file.hungUp || (filter === READ ? file.readable : file.writable);
  }

  /** Whether a queue has an event. */
  isReadable(kq: number): boolean {
    return [...this.#queues.get(kq)?.values() ?? []].some((knote) => this.#isActive(knote));
  }

  #take(knotes: Map<string, Knote>, events: Buffer, capacity: number): number {
    const view = new DataView(events.buffer, events.byteOffset);
    let count = 0;
    for (const [key, knote] of [...knotes]) {
      if (count === capacity || !this.#isActive(knote)) continue;
      const at = count++ * SIZE, hungUp = this.files.get(knote.ident)?.hungUp ?? false;
      view.setBigUint64(at, BigInt(knote.ident), true);
      view.setInt16(at + 8, knote.filter, true);
      view.setUint16(at + 10, hungUp && knote.filter !== USER ? EOF : 0, true);
      view.setUint32(at + 12, 0, true);
      view.setBigInt64(at + 16, 0n, true);
      view.setBigUint64(at + 24, knote.udata, true);
      if (knote.clear) knote.triggered = false;
      // a reported event moves to the end of the queue
      knotes.delete(key);
      knotes.set(key, knote);
    }
    return count;
  }
}

export const FILTERS: Readonly<Record<string, number>> = { READ, WRITE, USER };
