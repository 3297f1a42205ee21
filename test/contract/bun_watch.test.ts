// What Bun's in-loop watch rests on is documented nowhere, so it is documented here; the Worker
// that replaces it keeps the same contract.
import { describe, expect, test } from "vitest";
import { eventually, makeWatch, park } from "./park.ts";
import { Epoll, isDeno, Signal, sleep } from "./support.ts";

const onlyBun = " (Bun only: Deno has no watch for a descriptor)";

const collect = () => (globalThis as unknown as { Bun: { gc(force: boolean): void } }).Bun.gc(true);

describe.skipIf(isDeno).each(["watch", "worker"] as const)(`%s${onlyBun}`, (kind) => {
  test("a descriptor that is ready at arming is ready at once", async () => {
    using parked = park(kind);
    parked.signal.raise();
    parked.watch.arm();
    await eventually(() => parked.ready() > 0);
    expect(parked.ready()).toBe(1);
  });

  test("nothing is said before arming, and once for each arming", async () => {
    using parked = park(kind);
    parked.signal.raise();
    await sleep(50);
    expect(parked.ready()).toBe(0);
    parked.watch.arm();
    await eventually(() => parked.ready() > 0);
    await sleep(50);
    expect(parked.ready()).toBe(1);
  });

  test("an event notifies the armed watch", async () => {
    using parked = park(kind);
    parked.watch.arm();
    await sleep(50);
    expect(parked.ready()).toBe(0);
    parked.signal.raise();
    await eventually(() => parked.ready() > 0);
    expect(parked.ready()).toBe(1);
  });

  test("an empty epoll may be parked on and gets its first descriptor later", async () => {
    using parked = park(kind, { empty: true });
    parked.watch.arm();
    await sleep(50);
    parked.signal.raise();
    await sleep(20);
    expect(parked.ready()).toBe(0);
    parked.parent.add(parked.signal.fd);
    await eventually(() => parked.ready() > 0);
    expect(parked.ready()).toBe(1);
  });

  test("arming an armed watch does nothing", async () => {
    using parked = park(kind);
    for (let i = 0; i < 20; i++) parked.watch.arm();
    parked.signal.raise();
    await eventually(() => parked.ready() > 0);
    await sleep(50);
    expect(parked.ready()).toBe(1);
  });

  test("a closed watch says nothing any more", async () => {
    using parked = park(kind);
    parked.watch.arm();
    parked.watch.close();
    parked.signal.raise();
    await sleep(100);
    expect(parked.ready()).toBe(0);
  });

  test("a hundred parks one after the other each get their event", async () => {
    using parked = park(kind);
    for (let i = 1; i <= 100; i++) {
      parked.watch.arm();
      parked.signal.raise();
      await eventually(() => parked.ready() >= i);
      parked.signal.lower();
    }
    expect(parked.ready()).toBe(100);
  });

  test("a park survives garbage collection", async () => {
    using parked = park(kind);
    parked.watch.arm();
    for (let i = 0; i < 5; i++) {
      collect();
      await sleep(5);
    }
    parked.signal.raise();
    await eventually(() => parked.ready() > 0);
    expect(parked.ready()).toBe(1);
  });

  test("ready may arm the watch again", async () => {
    using parent = new Epoll(), signal = new Signal();
    parent.add(signal.fd);
    let count = 0;
    const watch = makeWatch(kind, parent, signal, () => {
      if (++count < 50) watch.arm();
      else watch.close();
    });
    signal.raise();
    watch.arm();
    await eventually(() => count >= 50);
    await sleep(50);
    expect(count).toBe(50);
  });
});

test.skipIf(isDeno)(`a hundred watches at once each hear their own event${onlyBun}`, async () => {
  const all = Array.from({ length: 100 }, () => park("watch"));
  for (const { watch } of all) watch.arm();
  await sleep(20);
  for (const [i, { signal }] of all.entries()) if (i % 2 === 0) signal.raise();
  await eventually(() => all.every(({ ready }, i) => i % 2 === 1 || ready() > 0));
  expect(all.map(({ ready }) => ready())).toEqual(all.map((_, i) => i % 2 === 0 ? 1 : 0));
  for (const one of all) one[Symbol.dispose]();
});
