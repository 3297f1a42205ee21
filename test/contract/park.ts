/** The ways to let the runtime wait for one epoll descriptor, under one name each. */
import { duplicate, libc, libcPath, POLLIN } from "../../ffi/libc.ts";
import { allocateBytes, release } from "../../ffi/memory.ts";
import type { FdWatch } from "../../ffi/native.ts";
import { native } from "../../ffi/runtime.ts";
import { Epoll, Signal, sleep } from "./support.ts";

/** `watch` and `worker` on Bun, `poll` on Deno. */
export type Kind = "watch" | "worker" | "poll";

/** Deno: `poll(2)` on a thread of the runtime's pool; the number of ready descriptors. */
export async function pollOnce(fd: number, timeoutMs = 60_000): Promise<number> {
  const block = allocateBytes(new Uint8Array(new Int32Array([fd, POLLIN]).buffer));
  try {
    return await libc.poll_nonblocking(block, 1, timeoutMs);
  } finally {
    release(block);
  }
}

/** A watch on `parent`; `signal` sits in it and wakes the waiting thread where there is one. */
export function makeWatch(kind: Kind, parent: Epoll, signal: Signal, ready: () => void): FdWatch {
  if (kind === "watch") return native.watch!(() => duplicate(parent.fd), ready);
  if (kind === "worker") {
    const wake = () => signal.raise();
    return native.watchByWorker!({ libc: libcPath, fd: parent.fd, wake }, ready);
  }
  return {
    arm: () => void pollOnce(parent.fd).then((count) => count > 0 && ready()),
    keepAlive() {},
    close: () => signal.raise(),
  };
}

/** A watch, what it watches, and how often it said "ready". */
export interface Parked {
  readonly parent: Epoll;
  readonly signal: Signal;
  readonly watch: FdWatch;
  ready(): number;
  [Symbol.dispose](): void;
}

/** A watch on an epoll with one signal in it. */
export function park(kind: Kind, { empty = false }: { empty?: boolean } = {}): Parked {
  const parent = new Epoll(), signal = new Signal();
  if (!empty) parent.add(signal.fd);
  let count = 0;
  const watch = makeWatch(kind, parent, signal, () => count++);
  return {
    parent,
    signal,
    watch,
    ready: () => count,
    [Symbol.dispose]() {
      watch.close();
      setTimeout(() => {
        parent[Symbol.dispose](), signal[Symbol.dispose]();
      }, kind === "worker" ? 200 : 0);
    },
  };
}

/** Waits until something is so, or gives up: the caller tests what it is then. */
export async function eventually(what: () => boolean, ms = 3000): Promise<void> {
  const end = performance.now() + ms;
  while (!what() && performance.now() < end) await sleep(1);
}
