// What a watch costs while it is armed, and that nothing is left of it.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { eventually, park } from "./park.ts";
import { isDeno, sleep } from "./support.ts";

const onlyBun = " (Bun only: Deno has no watch for a descriptor)";

/** The epoll descriptors of the process: each park of the in-loop watch owns a duplicate. */
function epolls(): number {
  const isEpoll = (fd: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).endsWith("[eventpoll]");
    } catch {
      return false; // the descriptor of the folder itself
    }
  };
  return readdirSync("/proc/self/fd").filter(isEpoll).length;
}

test.skipIf(isDeno)(
  `an armed watch owns one descriptor, a fired or closed one none${onlyBun}`,
  async () => {
    using parked = park("watch");
    await sleep(50); // what other tests left is gone by then
    const before = epolls();
    for (let i = 1; i <= 100; i++) {
      for (let twice = 0; twice < 2; twice++) parked.watch.arm();
      expect(epolls()).toBe(before + 1);
      parked.signal.raise();
      await eventually(() => parked.ready() >= i);
      parked.signal.lower();
    }
    await eventually(() => epolls() === before);
    expect(epolls()).toBe(before);
    parked.watch.arm();
    parked.watch.close();
    await eventually(() => epolls() === before);
    expect(epolls()).toBe(before);
  },
);

/** The threads of Workers; the runtime starts others when it likes. */
function workers(): number {
  const isWorker = (thread: string) => {
    try {
      return readFileSync(`/proc/self/task/${thread}/comm`, "utf8") === "Worker\n";
    } catch {
      return false; // it has ended
    }
  };
  return readdirSync("/proc/self/task").filter(isWorker).length;
}

test.skipIf(isDeno)(`closing a watch by Worker ends its thread${onlyBun}`, async () => {
  const before = workers();
  const all = Array.from({ length: 5 }, () => park("worker"));
  for (const { watch } of all) watch.arm();
  await eventually(() => workers() === before + 5);
  expect(workers()).toBe(before + 5);
  for (const one of all) one[Symbol.dispose]();
  await eventually(() => workers() === before);
  expect(workers()).toBe(before);
});
