// One watch for all the pollers of a thread, by each way to wait; and the watch by itself.
import process from "node:process";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type FdWatch, native } from "../../../ffi/mod.ts";
import { parking } from "../../../src/driver/parking/parking.ts";
import { createPoller } from "../../../src/driver/poller/create.ts";
import type { Poller } from "../../../src/driver/poller/poller.ts";
import { createWatch, waitMethod } from "../../../src/driver/parking/wait_method.ts";
import { descriptors, isBun, type Mutable, sleep, until, waitMethods } from "../support.ts";

const before = process.env.CURLEW_WAIT;
afterAll(() => {
  if (before === undefined) delete process.env.CURLEW_WAIT;
  else process.env.CURLEW_WAIT = before;
});

/** With the many a Worker is started at once, and takes over when it runs. */
const FEW = 1, MANY = 60_000;
const cases = [...waitMethods, ...waitMethods.slice(0, 1)]
  .map((method, i) => [method, i < waitMethods.length ? FEW : MANY] as const);

describe.each(cases)("waiting by %s for %d sockets", (method, sockets) => {
  beforeEach(() => {
    process.env.CURLEW_WAIT = method;
    expect(waitMethod()).toBe(method);
  });

  describe("a watch", () => {
    let poller: Poller, watch: FdWatch, count: number;
    beforeEach(() => {
      poller = createPoller();
      count = 0;
      watch = createWatch(poller, () => {
        count++;
        poller.ready(); // takes the wake-up
      }, () => sockets);
      watch.keepAlive(true);
    });
    afterEach(() =>
      new Promise<void>((resolve) => watch.close(resolve)).then(() => poller.close())
    );

    test("says once for each arming that there is something", async () => {
      for (let i = 1; i <= 5; i++) {
        watch.arm();
        watch.arm();
        await sleep(5);
        expect(count).toBe(i - 1);
        poller.wake();
        await until(() => count === i);
        expect(count).toBe(i);
      }
    });

    test.skipIf(!isBun || sockets === FEW)(
      "stays with the loop where no Worker comes up (on Bun, with many sockets)",
      async () => {
        const never: FdWatch = { arm() {}, keepAlive() {}, close: (after) => after?.() };
        const start = vi.spyOn(native as Mutable, "watchByWorker").mockReturnValue(never);
        try {
          for (let i = 1; i <= 5; i++) {
            watch.arm();
            poller.wake();
            await until(() => count === i);
            expect(count).toBe(i);
          }
          expect(start).toHaveBeenCalledTimes(1);
        } finally {
          start.mockRestore();
        }
      },
    );

    test("says nothing before it is armed", async () => {
      poller.wake();
      await sleep(50);
      expect(count).toBe(0);
      watch.arm();
      await until(() => count > 0);
      expect(count).toBe(1);
    });

    test("continues, with longer pauses, where it does not keep the process alive", async () => {
      watch.arm();
      watch.keepAlive(false);
      await sleep(50);
      const looked = count;
      watch.arm();
      poller.wake();
      await until(() => count > looked);
      expect(count).toBeGreaterThan(looked);
      watch.keepAlive(true);
      watch.arm();
      await sleep(5);
      const served = count;
      poller.wake();
      await until(() => count > served);
      expect(count).toBeGreaterThan(served);
    });

    test("checks seldom where it does not keep the process alive", async () => {
      watch.keepAlive(false);
      const again = setInterval(() => watch.arm(), 1); // as a parking does after each look
      await sleep(600);
      clearInterval(again);
      expect(count).toBeLessThan(8);
    });

    test("is closed when its last wait has ended, and reports nothing more", async () => {
      const other = createPoller();
      let ready = 0, closed = 0;
      const closing = createWatch(other, () => ready++, () => sockets);
      closing.arm();
      await sleep(30);
      closing.close(() => closed++);
      await until(() => closed > 0);
      other.close();
      await sleep(20);
      expect([ready, closed]).toEqual([0, 1]);
    });
  });

  describe("the parking", () => {
    interface Place {
      readonly poller: Poller;
      woken: number;
    }
    let places: Place[];
    beforeEach(() => {
      places = [];
    });
    afterEach(async () => {
      for (const { poller } of places) leave(poller);
      await sleep(30);
    });

    function enter(): Place {
      const place = { poller: createPoller(), woken: 0 };
      const wakeUp = () => {
        place.woken++;
        place.poller.ready();
      };
      parking.enter(place.poller.fd, { wakeUp });
      places.push(place);
      return place;
    }

    function leave(poller: Poller): void {
      parking.leave(poller.fd);
      poller.close();
    }

    test("wakes the one that has something, and no other", async () => {
      const [one, other] = [enter(), enter()];
      for (const { poller } of [one, other]) parking.update(poller.fd, true, true, sockets);
      const { wakeUps } = parking;
      one.poller.wake();
      await until(() => one.woken > 0);
      await sleep(20);
      expect([one.woken, other.woken]).toEqual([1, 0]);
      expect(parking.wakeUps - wakeUps).toBe(1);
      other.poller.wake();
      await until(() => other.woken > 0);
      expect([one.woken, other.woken]).toEqual([1, 1]);
    });

    test("reports one event at most while no agent waits", async () => {
      const one = enter();
      parking.update(one.poller.fd, true, true, sockets);
      parking.update(one.poller.fd, false, false, sockets);
      await sleep(20);
      const { wakeUps } = parking;
      one.woken = 0;
      one.poller.wake();
      await sleep(20);
      for (let i = 0; i < 5; i++) {
        one.poller.wake();
        await sleep(5);
      }
      expect(parking.wakeUps - wakeUps).toBeLessThanOrEqual(1);
      const { woken } = one;
      parking.update(one.poller.fd, true, true, sockets);
      await until(() => one.woken > woken);
      expect(one.woken).toBe(woken + 1);
    });

    test("serves 200 that are ready at once", async () => {
      const all = Array.from({ length: 200 }, enter);
      for (const { poller } of all) parking.update(poller.fd, true, true, sockets);
      for (const { poller } of all) poller.wake();
      await until(() => all.every(({ woken }) => woken > 0));
      expect(all.every(({ woken }) => woken === 1)).toBe(true);
    });

    test("goes on when one leaves, also from within a wake-up", async () => {
      const [one, other] = [enter(), enter()];
      for (const { poller } of [one, other]) parking.update(poller.fd, true, true, sockets);
      one.poller.wake();
      leave(one.poller);
      places.splice(0, 1);
      other.poller.wake();
      await until(() => other.woken > 0);
      expect([one.woken, other.woken]).toEqual([0, 1]);
    });

    test("an unknown place is no error", () => {
      parking.update(999_999, true, true, sockets);
      parking.leave(999_999);
    });

    test("leaves no descriptor behind when the last one has left", async () => {
      const base = descriptors("eventpoll") + descriptors("eventfd");
      for (let i = 0; i < 20; i++) {
        const place = enter();
        parking.update(place.poller.fd, true, true, sockets);
        await sleep(1);
        leave(place.poller);
        places.pop();
      }
      const now = () => descriptors("eventpoll") + descriptors("eventfd");
      await until(() => now() <= base, 2000);
      expect(now()).toBeLessThanOrEqual(base);
    });
  });
});
