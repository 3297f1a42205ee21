// What Poller does, by each way in which this runtime can wait.
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { libc } from "../../../ffi/libc.ts";
import { Agent, type CurlMultiError } from "../../../mod.ts";
import { Poller, type PollerEvent } from "../../../poll.ts";
import { parking } from "../../../src/driver/parking/parking.ts";
import {
  cpuMs,
  descriptors,
  easyFor,
  failure,
  outcome,
  sleep,
  threads,
  until,
  waitMethods,
} from "../support.ts";
import { startServer } from "../../server/start.ts";
import { useFolder } from "../../use.ts";
import * as kinds from "./support.ts";

const IN = 1, OUT = 2, INOUT = 3, ERR = 4;
/** A number that nobody else takes. */
const HIGH = 900;
/** A wait that should be told of something has so long, in ms. */
const LONG = { timeout: 5000 };
/** A wait that should not be told of anything takes so long. */
const SHORT = { timeout: 30 };

const before = process.env.CURLEW_WAIT;
const folder = useFolder("poll");
afterAll(() => {
  if (before === undefined) delete process.env.CURLEW_WAIT;
  else process.env.CURLEW_WAIT = before;
});

describe.each(waitMethods)("waiting by %s, a poller", (method) => {
  let poller: Poller;
  const open: { close(): void }[] = [];
  beforeEach(() => {
    process.env.CURLEW_WAIT = method;
    poller = new Poller();
  });
  afterEach(async () => {
    poller.close();
    for (const one of open.splice(0)) one.close();
    await until(() => [...parking.places()].length === 0);
  });

  /** Closes it after the test. */
  function kept<T extends { close(): void }>(one: T): T {
    open.push(one);
    return one;
  }
  const another = () => kept(new Poller());

  const KINDS = {
    socket: kinds.socket,
    pipe: kinds.pipe,
    eventfd: kinds.eventfd,
    inotify: () => kinds.inotify(folder),
    timerfd: kinds.timerfd,
  };
  test.each(Object.keys(KINDS) as (keyof typeof KINDS)[])(
    "tells of a %s, again and again until it was served",
    async (kind) => {
      const { fd, fill, drain } = kept(KINDS[kind]());
      poller.set(fd, IN);
      expect(await poller.wait(SHORT)).toEqual([]);
      for (let i = 0; i < 3; i++) {
        setTimeout(() => fill(), 20);
        expect(await poller.wait(LONG)).toEqual([{ fd, events: IN }]);
        expect(await poller.wait(LONG)).toEqual([{ fd, events: IN }]);
        await sleep(5);
        expect(await poller.wait(LONG)).toEqual([{ fd, events: IN }]);
        drain();
        expect(await poller.wait(SHORT)).toEqual([]);
      }
    },
  );

  test("tells of another poller of the system", async () => {
    const inner = libc.epoll_create1(0x80000), one = kept(kinds.pipe());
    kept({ close: () => libc.close(inner) });
    const change = new Int32Array([1, 0, 0, 0]);
    libc.epoll_ctl(inner, 1, one.fd, change);
    poller.set(inner, IN);
    expect(await poller.wait(SHORT)).toEqual([]);
    one.fill();
    expect(await poller.wait(LONG)).toEqual([{ fd: inner, events: IN }]);
  });

  test("tells what can be written, and both as one event", async () => {
    const one = kept(kinds.socket()), { writing } = kept(kinds.pipe());
    poller.set(one.fd, INOUT);
    poller.set(writing, OUT);
    const told = await poller.wait(LONG);
    expect(told).toHaveLength(2);
    expect(told).toEqual(
      expect.arrayContaining([{ fd: one.fd, events: OUT }, { fd: writing, events: OUT }]),
    );
    poller.delete(writing);
    one.fill();
    expect(await poller.wait(LONG)).toEqual([{ fd: one.fd, events: INOUT }]);
  });

  test("tells the end of a stream, whatever was asked for", async () => {
    const reading = kept(kinds.socket()), writing = kept(kinds.socket());
    poller.set(reading.fd, IN);
    reading.hangUp();
    const [told] = await poller.wait(LONG);
    expect(told).toEqual({ fd: reading.fd, events: IN | ERR });
    poller.delete(reading.fd);
    poller.set(writing.fd, OUT);
    writing.hangUp();
    expect((await poller.wait(LONG))[0]!.events & ERR).toBe(ERR);
  });

  test("tells an error that comes alone with what was asked for", async () => {
    const { fd, writing } = kinds.pipe();
    poller.set(writing, OUT);
    libc.close(fd);
    kept({ close: () => libc.close(writing) });
    expect(await poller.wait(LONG)).toEqual([{ fd: writing, events: OUT | ERR }]);
    const other = kinds.pipe();
    poller.delete(writing);
    poller.set(other.fd, IN);
    libc.close(other.writing); // the kernel reports a hang-up, and nothing to read
    kept({ close: () => libc.close(other.fd) });
    expect(await poller.wait(LONG)).toEqual([{ fd: other.fd, events: IN | ERR }]);
  });

  test("changes by set() what to watch for, at any time", async () => {
    const one = kept(kinds.socket());
    one.fill();
    for (const [asked, told] of [[OUT, OUT], [IN, IN], [INOUT, INOUT], [IN, IN]] as const) {
      poller.set(one.fd, asked);
      expect(await poller.wait(LONG)).toEqual([{ fd: one.fd, events: told }]);
    }
    poller.set(one.fd, 0);
    expect(await poller.wait(SHORT)).toEqual([]);
    poller.set(one.fd, IN);
    expect(await poller.wait(LONG)).toEqual([{ fd: one.fd, events: IN }]);
    poller.delete(one.fd);
    expect(await poller.wait(SHORT)).toEqual([]);
  });

  test("takes set and delete while a wait goes on", async () => {
    const one = kept(kinds.pipe()), other = kept(kinds.pipe());
    other.fill();
    const waiting = poller.wait(LONG);
    await sleep(20);
    poller.set(one.fd, IN);
    await sleep(20);
    poller.delete(one.fd);
    one.fill();
    await sleep(20);
    poller.set(other.fd, IN);
    expect(await waiting).toEqual([{ fd: other.fd, events: IN }]);
  });

  test("waits no longer than it may, and no shorter", async () => {
    const { fd } = kept(kinds.pipe());
    poller.set(fd, IN);
    for (const timeout of [0, 0.5, 1, 20, 100]) {
      const began = performance.now();
      expect(await poller.wait({ timeout })).toEqual([]);
      const took = performance.now() - began;
      expect(took).toBeGreaterThanOrEqual(timeout);
      expect(took).toBeLessThan(timeout + 500);
    }
  });

  test.each([undefined, Infinity, 2 ** 40])("waits on with a timeout of %s", async (timeout) => {
    const { fd, fill } = kept(kinds.pipe());
    poller.set(fd, IN);
    let isOver = false;
    const waiting = poller.wait(timeout === undefined ? {} : { timeout }).finally(() =>
      isOver = true
    );
    await sleep(60);
    expect(isOver).toBe(false);
    fill();
    expect(await waiting).toHaveLength(1);
  });

  test("answers several waits at once, each by its own timeout", async () => {
    const { fd, fill } = kept(kinds.pipe());
    poller.set(fd, IN);
    const [short, long, forever] = [
      poller.wait({ timeout: 20 }),
      poller.wait(LONG),
      poller.wait(),
    ];
    expect(await short).toEqual([]);
    fill();
    expect(await Promise.all([long, forever])).toEqual([[{ fd, events: IN }], [{
      fd,
      events: IN,
    }]]);
  });

  test("ends a wait by its signal, and no other", async () => {
    const { fd, fill } = kept(kinds.pipe()), controller = new AbortController();
    const { signal } = controller;
    poller.set(fd, IN);
    const other = poller.wait(LONG), ended = failure(poller.wait({ signal, ...LONG }));
    await sleep(20);
    controller.abort("mine");
    expect(await ended).toBe("mine");
    expect(await failure(poller.wait({ signal }))).toBe("mine");
    fill();
    expect(await other).toHaveLength(1);
    expect(await poller.wait(LONG)).toHaveLength(1);
  });

  test("ignores a delete of a descriptor that it does not watch", () => {
    const one = kinds.pipe();
    for (const fd of [0, 999_999, one.fd, 0x7fffffff]) poller.delete(fd);
    poller.set(one.fd, IN);
    poller.delete(one.fd);
    poller.delete(one.fd);
    poller.set(one.fd, IN);
    one.close();
    poller.delete(one.fd);
    poller.close();
    poller.delete(one.fd);
  });

  test("reports nothing for a closed descriptor, nor for the next file of that number", async () => {
    const first = kinds.pipeAt(HIGH), { fd } = first;
    first.fill();
    poller.set(fd, IN);
    first.close();
    expect(await poller.wait(SHORT)).toEqual([]);
    const second = kept(kinds.pipeAt(HIGH));
    second.fill();
    expect(await poller.wait(SHORT)).toEqual([]);
    poller.set(fd, IN);
    expect(await poller.wait(LONG)).toEqual([{ fd, events: IN }]);
  });

  test("reports nothing for a closed number whose file a duplicate keeps open, and does not spin", async () => {
    const other = kept(kinds.pipe()), first = kinds.pipeAt(HIGH), { fd } = first;
    poller.set(other.fd, IN);
    poller.set(fd, IN);
    first.fill();
    const still = kinds.duplicate(fd);
    kept({ close: () => (libc.close(still), libc.close(first.writing)) });
    libc.close(fd); // epoll goes on to report the file under this number
    const cpu = cpuMs();
    expect(await poller.wait({ timeout: 300 })).toEqual([]);
    expect(cpuMs() - cpu).toBeLessThan(150);
    other.fill();
    expect(await poller.wait(LONG)).toEqual([{ fd: other.fd, events: IN }]);
    other.drain();
    const next = kept(kinds.pipeAt(HIGH));
    poller.set(fd, IN);
    expect(await poller.wait(SHORT)).toEqual([]);
    next.fill();
    expect(await poller.wait(LONG)).toEqual([{ fd, events: IN }]);
  });

  test("continues a wait while another one finds a closed file", async () => {
    const other = kept(kinds.pipe()), first = kinds.pipeAt(HIGH), { fd } = first;
    poller.set(other.fd, IN);
    poller.set(fd, IN);
    const waiting = poller.wait(LONG);
    await sleep(10);
    const still = kinds.duplicate(fd);
    kept({ close: () => (libc.close(still), libc.close(first.writing)) });
    libc.close(fd);
    libc.write(first.writing, new Uint8Array(1), 1);
    expect(await poller.wait({ timeout: 0 })).toEqual([]);
    expect(await poller.wait({ timeout: 0 })).toEqual([]);
    other.fill();
    expect(await waiting).toEqual([{ fd: other.fd, events: IN }]);
  });

  test("tells of hundreds in a few waits", async () => {
    const all = Array.from({ length: 300 }, () => kept(kinds.pipe()));
    const told = new Set<number>(), byFd = new Map(all.map((one) => [one.fd, one]));
    for (const { fd, fill } of all) fill(), poller.set(fd, IN);
    for (let waits = 0; told.size < all.length && waits < 20; waits++) {
      for (const { fd } of await poller.wait(LONG)) told.add(fd), byFd.get(fd)!.drain();
    }
    expect(told.size).toBe(300);
    expect(await poller.wait(SHORT)).toEqual([]);
  });

  test("goes through events one by one, without end until it is closed", async () => {
    const all = [1, 2, 3].map(() => kept(kinds.pipe()));
    for (const { fd, fill } of all) fill(), poller.set(fd, IN);
    const told: PollerEvent[] = [];
    setTimeout(() => all[0]!.fill(), 50);
    for await (const event of poller) {
      told.push(event);
      all.find(({ fd }) => fd === event.fd)!.drain();
      if (told.length === 4) setTimeout(() => poller.close(), 20);
    }
    expect(told.slice(0, 3).map(({ fd }) => fd).sort()).toEqual(all.map(({ fd }) => fd).sort());
    expect(told[3]).toEqual({ fd: all[0]!.fd, events: IN });
  });

  test.each(["deletes", "closes", "closes and opens anew", "sets anew"])(
    "leaves out of it what the one before %s",
    async (what) => {
      const all = [1, 2].map((i) => kinds.pipeAt(HIGH + i));
      for (const { fd, fill } of all) fill(), poller.set(fd, IN);
      const told: number[] = [];
      for await (const { fd } of poller) {
        told.push(fd);
        if (told.length > 1) break;
        const next = all.find((one) => one.fd !== fd)!, file = all.find((one) => one.fd === fd)!;
        file.drain();
        if (what === "deletes") poller.delete(next.fd);
        else if (what === "sets anew") poller.set(next.fd, OUT); // never: it is the reading end
        else next.close();
        if (what === "closes and opens anew") kept(kinds.pipeAt(next.fd)).fill();
        setTimeout(() => file.fill(), 30);
      }
      expect(told[1]).toBe(told[0]);
      for (const one of all) one.close();
    },
  );

  test("ends its iteration by break, and can be iterated again", async () => {
    const { fd, fill } = kept(kinds.pipe());
    fill();
    poller.set(fd, IN);
    for await (const event of poller) {
      expect(event).toEqual({ fd, events: IN });
      break;
    }
    expect(await poller.wait(LONG)).toHaveLength(1);
  });

  test("rejects its waits when it is closed, and those after", async () => {
    const { fd } = kept(kinds.pipe());
    poller.set(fd, IN);
    const waits = [poller.wait(), poller.wait(LONG)].map(failure);
    await sleep(10);
    poller.close();
    poller.close();
    for (const error of await Promise.all(waits)) {
      expect(error).toMatchObject({ codeName: "CURLM_ABORTED_BY_CALLBACK" });
    }
    for (const error of [await failure(poller.wait()), thrown(() => poller.set(fd, IN))]) {
      expect(error).toMatchObject({ codeName: "CURLM_BAD_HANDLE" });
    }
    for await (const _ of poller) throw new Error("a closed poller has nothing to tell");
  });

  test("closes at the end of its block", async () => {
    let left: Poller;
    {
      using inner = new Poller();
      left = inner;
    }
    expect(await failure(left.wait())).toMatchObject({ code: 1 });
  });

  test("shares one wait of the runtime with all others, and with agents", async () => {
    const all = [poller, another(), another()], pipes = all.map(() => kept(kinds.pipe()));
    const agent = new Agent();
    await using server = await startServer("http");
    const easy = easyFor(server.url("/delay/300"));
    const waits = all.map((one, i) => (one.set(pipes[i]!.fd, IN), one.wait(LONG)));
    const transfer = agent.perform(easy);
    await sleep(100);
    expect([...parking.places()]).toHaveLength(4);
    const [polls, running] = [descriptors("eventpoll"), threads()];
    const more = Array.from({ length: 5 }, another);
    const others = more.map((one) => (one.set(pipes[0]!.fd, IN), one.wait(LONG)));
    await sleep(50);
    expect(descriptors("eventpoll") - polls).toBe(5); // its own, and no other
    expect(threads()).toBeLessThanOrEqual(running);
    for (const { fill } of pipes) fill();
    for (const told of await Promise.all([...waits, ...others])) expect(told).toHaveLength(1);
    expect(await outcome(transfer)).toEqual(["done"]);
    easy.close();
    await agent.close();
  });

  test("tells of a descriptor that another poller and an agent watch too", async () => {
    await using server = await startServer("http");
    await using agent = new Agent();
    using easy = easyFor(server.url("/small"), { CONNECT_ONLY: 1 });
    await agent.perform(easy);
    const other = another(), fd = easy.getInfo("ACTIVESOCKET");
    for (const one of [poller, other]) one.set(fd, IN);
    const agents = agent.readable(easy);
    const both = [poller.wait(LONG), other.wait(LONG)];
    await sleep(20);
    easy.send(new TextEncoder().encode("GET /small HTTP/1.0\r\n\r\n"));
    for (const [told] of await Promise.all(both)) {
      expect(told!.fd).toBe(fd);
      expect(told!.events & IN).toBe(IN);
    }
    await agents;
    poller.delete(fd);
    expect(await other.wait(LONG)).toHaveLength(1);
    expect(await outcome(agent.readable(easy))).toEqual(["done"]);
  });

  test("lets timers run beside descriptors that are always ready", async () => {
    const all = Array.from({ length: 20 }, () => kept(kinds.socket()));
    for (const { fd } of all) poller.set(fd, OUT);
    let late = 0, ticks = 0, told = 0, last = performance.now();
    const timer = setInterval(() => {
      ticks++;
      late = Math.max(late, performance.now() - last);
      last = performance.now();
    }, 1);
    for await (const _ of poller) if (++told % 100 === 0 && ticks >= 50) break;
    clearInterval(timer);
    expect(told).toBeGreaterThan(ticks);
    expect(late).toBeLessThan(200);
  });

  test("leaves nothing behind when it is closed", async () => {
    poller.close();
    await until(() => [...parking.places()].length === 0);
    await sleep(50);
    const kindsOfOurs = () => descriptors("eventpoll") + descriptors("eventfd");
    const base = kindsOfOurs(), one = kept(kinds.pipe());
    for (let i = 0; i < 20; i++) {
      using inner = new Poller();
      inner.set(one.fd, IN);
      const waiting = failure(inner.wait());
      await sleep(1);
      inner.close();
      await waiting;
    }
    await until(() => kindsOfOurs() <= base, 2000);
    expect(kindsOfOurs()).toBeLessThanOrEqual(base);
  });

  const NO_FD = [-1, 1.5, NaN, Infinity, 2 ** 31, "3", null, undefined, {}, 3n, true];
  test.each(NO_FD)("refuses %s as a descriptor", (fd) => {
    for (const call of [() => poller.set(fd as number, IN), () => poller.delete(fd as number)]) {
      const { codeName, message } = thrown(call);
      expect(codeName).toBe("CURLM_BAD_FUNCTION_ARGUMENT");
      expect(message).toMatch(
        /^Cannot (watch|stop watching) a descriptor: expected .* from 0, got /,
      );
    }
  });

  test.each([4, 8, -1, 1.5, NaN, "1", null, undefined, {}, 1n])(
    "refuses %s as events",
    (events) => {
      const { codeName, message } = thrown(() => poller.set(0, events as number));
      expect(codeName).toBe("CURLM_BAD_FUNCTION_ARGUMENT");
      expect(message).toContain("CURL_POLL_INOUT (3)");
    },
  );

  const BAD_OPTIONS = [
    ...[-1, -0.1, NaN, "5", {}, 5n, null].map((timeout) => ({ timeout })),
    ...[5, "signal", {}, () => {}].map((signal) => ({ signal })),
    ...[5, "timeout", true],
  ];
  test.each(BAD_OPTIONS)("refuses to wait with %o", async (options) => {
    const error = await failure(poller.wait(options as never)) as CurlMultiError;
    expect(error.codeName).toBe("CURLM_BAD_FUNCTION_ARGUMENT");
    expect(error.message).toMatch(/^Cannot (wait|wait that long|use the signal): expected /);
  });

  test("refuses what cannot be watched, and watches the rest on", async () => {
    const one = kept(kinds.pipe()), file = openSync(join(folder, "regular"), "w");
    kept({ close: () => closeSync(file) });
    poller.set(one.fd, IN);
    for (const fd of [999_999, file]) {
      const { codeName, message } = thrown(() => poller.set(fd, IN));
      expect(codeName).toBe("CURLM_BAD_SOCKET");
      expect(message).toMatch(
        RegExp(`^Cannot watch descriptor ${fd}: .*; expected an open socket`),
      );
    }
    one.fill();
    expect(await poller.wait(LONG)).toEqual([{ fd: one.fd, events: IN }]);
  });
});

function thrown(call: () => unknown): CurlMultiError {
  try {
    call();
  } catch (error) {
    return error as CurlMultiError;
  }
  throw new Error("expected an error");
}
