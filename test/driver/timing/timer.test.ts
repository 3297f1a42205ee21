// libcurl's one deadline: set by its timer callback, taken by a turn, armed by a park.
import { afterEach, beforeEach, expect, test } from "vitest";
import { Deadline } from "../../../src/driver/timing/deadline.ts";
import { inChild, sleep, until } from "../support.ts";

let deadline: Deadline, fired: number[], started: number;
beforeEach(() => {
  fired = [];
  started = performance.now();
  deadline = new Deadline(() => fired.push(performance.now() - started));
});
afterEach(() => deadline.disarm());

test("at first there is none", () => {
  expect(deadline.pending).toBe(false);
  expect(deadline.take()).toBe(false);
});

test("0 is due at once, and once", () => {
  deadline.set(0);
  expect(deadline.pending).toBe(true);
  expect(deadline.take()).toBe(true);
  expect(deadline.pending).toBe(false);
  expect(deadline.take()).toBe(false);
});

test("it is not due before its time", async () => {
  deadline.set(40);
  expect(deadline.take()).toBe(false);
  expect(deadline.pending).toBe(true);
  await sleep(50);
  expect(deadline.take()).toBe(true);
  expect(deadline.take()).toBe(false);
});

test("-1 deletes it, also where it is due", async () => {
  deadline.set(0);
  deadline.set(-1);
  expect(deadline.pending).toBe(false);
  expect(deadline.take()).toBe(false);
  deadline.set(20);
  deadline.arm();
  deadline.set(-1);
  await sleep(60);
  expect(fired).toEqual([]);
});

test("armed it fires once, not before its time", async () => {
  deadline.set(30);
  deadline.arm();
  await until(() => fired.length > 0);
  await sleep(70);
  expect(fired).toHaveLength(1);
  expect(fired[0]).toBeGreaterThanOrEqual(30);
});

test("unarmed or disarmed it fires never", async () => {
  deadline.set(10);
  await sleep(40);
  expect(fired).toEqual([]);
  deadline.set(10);
  deadline.arm();
  deadline.disarm();
  await sleep(40);
  expect(fired).toEqual([]);
});

test("one that is due when it is armed fires soon, but not inside arm()", async () => {
  deadline.set(0);
  deadline.arm();
  expect(fired).toEqual([]);
  await until(() => fired.length > 0);
  expect(fired).toHaveLength(1);
});

test("one that is over when it is armed fires soon", async () => {
  deadline.set(5);
  await sleep(20);
  deadline.arm();
  await until(() => fired.length > 0);
  expect(fired).toHaveLength(1);
});

test("an earlier one replaces a later one", async () => {
  deadline.set(500);
  deadline.arm();
  deadline.set(30);
  deadline.arm();
  await until(() => fired.length > 0);
  expect(fired).toHaveLength(1);
  expect(fired[0]).toBeLessThan(500);
});

test("a later one replaces an earlier one: the alarm looks at the clock", async () => {
  deadline.set(20);
  deadline.arm();
  deadline.set(100);
  deadline.arm();
  await sleep(70);
  expect(fired).toEqual([]);
  await until(() => fired.length > 0);
  expect(fired).toHaveLength(1);
  expect(fired[0]).toBeGreaterThanOrEqual(100);
});

test("the alarm of a deadline that was taken is stale", async () => {
  deadline.set(20);
  deadline.arm();
  await sleep(0);
  deadline.set(0);
  expect(deadline.take()).toBe(true);
  await sleep(60);
  expect(fired).toEqual([]);
});

test("after a stale alarm it can be armed again", async () => {
  deadline.set(10);
  deadline.arm();
  deadline.set(-1);
  await sleep(40);
  deadline.set(10);
  deadline.arm();
  await until(() => fired.length > 0);
  expect(fired).toHaveLength(1);
});

test.each([2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 40, Number.MAX_SAFE_INTEGER])(
  "%i ms do not fire at once",
  async (ms) => {
    deadline.set(ms);
    deadline.arm();
    await sleep(30);
    expect(fired).toEqual([]);
    expect(deadline.pending).toBe(true);
    deadline.set(10);
    deadline.arm();
    await until(() => fired.length > 0);
    expect(fired).toHaveLength(1);
  },
);

test("arming a thousand times costs one alarm", async () => {
  for (let i = 0; i < 1000; i++) {
    deadline.set(20 + i % 7);
    deadline.arm();
  }
  await until(() => fired.length > 0);
  await sleep(60);
  expect(fired).toHaveLength(1);
});

test("an armed one does not keep the process alive", async () => {
  const child = await inChild(`import { Deadline } from "#root/src/driver/timing/deadline.ts";
    const deadline = new Deadline(() => say("fired"));
    deadline.set(5000);
    deadline.arm();
    mark();`);
  expect(child, child.stderr).toMatchObject({ code: 0, said: [] });
  expect(child.exitMs).toBeLessThan(4000);
});
