/**
 * The watch by a Worker, which blocks in `poll(2)` and posts a message when the descriptor is
 * readable. Compared to the watch by Bun's loop it costs a thread switch, and uses only documented
 * features.
 *
 * @module
 */

import type { FdWatch, WorkerWait } from "./native.ts";

// state[0] is 0 at rest, 1 armed, 2 closed. The source is a string, so that a bundle needs no second
// file
const THREAD = `
import { dlopen } from "bun:ffi";
self.onmessage = ({ data: { libc, fd, shared } }) => {
  const state = new Int32Array(shared), pollfd = new Int32Array([fd, 1]); // events: POLLIN
  const { poll } = dlopen(libc, { poll: { args: ["ptr", "usize", "i32"], returns: "i32" } }).symbols;
  self.postMessage("up");
  while (state[0] !== 2) {
    Atomics.wait(state, 0, 0);
    if (state[0] !== 1 || poll(pollfd, 1, 60000) === 0) continue;
    if (Atomics.compareExchange(state, 0, 1, 0) === 1) self.postMessage("ready");
  }
  self.postMessage("closed");
  self.close();
};
`;

let url: string | undefined;

/** Makes an {@linkcode FdWatch} by a Worker. `up` is called once the Worker runs. */
export function watchByWorker(wait: WorkerWait, ready: () => void, up?: () => void): FdWatch {
  const state = new Int32Array(new SharedArrayBuffer(4));
  // never revoked: a Worker may not have read the code yet when its watch is closed
  url ??= URL.createObjectURL(new Blob([THREAD], { type: "text/javascript" }));
  const worker = new Worker(url) as Worker & { ref(): void; unref(): void };
  let alive = true, armed = false;
  const hold = () => {
    if (alive && armed) worker.ref();
    else worker.unref();
  };
  worker.onmessage = ({ data }) => {
    if (data === "up") return up?.();
    armed = false;
    hold();
    ready();
  };
  worker.postMessage({ libc: wait.libc, fd: wait.fd, shared: state.buffer });
  hold();
  return {
    arm() {
      if (armed) return;
      armed = true;
      hold();
      Atomics.store(state, 0, 1);
      Atomics.notify(state, 0);
    },
    keepAlive(on) {
      alive = on;
      hold();
    },
    close(after) {
      worker.onmessage = ({ data }) => {
        if (data === "closed") after?.();
      };
      armed = false;
      hold();
      Atomics.store(state, 0, 2);
      Atomics.notify(state, 0);
      wait.wake();
    },
  };
}
