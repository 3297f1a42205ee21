/** The ways in which the runtime can wait for one epoll descriptor, with one interface. */
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

/**
 * A watch of `parent`; `signal` is registered in it and ends the wait of the thread, if there is
 * one.
 */
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

/** A watch, its descriptor, and the number of its "ready" events. */
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

/** Waits until a condition holds or the time is over: the caller checks which. */
export async function eventually(what: () => boolean, ms = 3000): Promise<void> {
  const end = performance.now() + ms;
  while (!what() && performance.now() < end) await sleep(1);
}
