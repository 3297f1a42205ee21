import { beforeEach, expect, test } from "vitest";
import { EFD_CLOEXEC_NONBLOCK, libc } from "../../../ffi/libc.ts";
import { constants, Multi, type WaitFd } from "../../../mod.ts";
import { multiCode, sleepSync, Transfer } from "./support.ts";
import { useServer } from "../../use.ts";
import { libcurl, Wakeups } from "../../versions.ts";

const { CURL_WAIT_POLLIN, CURL_WAIT_POLLOUT, CURL_WAIT_POLLPRI } = constants;

const server = useServer("http");

let pipe: { readonly read: number; readonly write: number };
beforeEach(() => {
  const fds = new Int32Array(new ArrayBuffer(8));
  expect(libc.pipe(fds)).toBe(0);
  pipe = { read: fds[0]!, write: fds[1]! };
  return () => {
    libc.close(pipe.read);
    libc.close(pipe.write);
  };
});

/** Makes the pipe readable. */
function signal(): void {
  libc.write(pipe.write, new Uint8Array([1]), 1);
}

/** How long a call takes, in ms. */
function time(call: () => unknown): number {
  const started = performance.now();
  call();
  return performance.now() - started;
}

test.each(["poll", "wait"] as const)("perform() and %s() run transfers to their end", (name) => {
  using multi = new Multi();
  const easies = ["/small", "/bytes/200000", "/delay/50"].map((path) =>
    new Transfer(server.url(path))
  );
  for (const easy of easies) multi.addHandle(easy);
  for (let rounds = 0; multi.perform() > 0; rounds++) {
    expect(rounds).toBeLessThan(10_000);
    multi[name]([], 1000);
  }
  expect([...multi.messages()].map(({ result }) => result)).toEqual([0, 0, 0]);
  expect(easies.map(({ received }) => received)).toEqual([98, 200_000, 98]);
  for (const easy of easies) easy.close();
});

test("perform() returns how many transfers run, 0 without any", () => {
  using multi = new Multi();
  expect(multi.perform()).toBe(0);
  const easies = [1, 2, 3].map(() => new Transfer(server.url("/hold")));
  for (const easy of easies) multi.addHandle(easy);
  expect(multi.perform()).toBe(3);
  easies.pop()!.close();
  expect(multi.perform()).toBe(2);
  for (const easy of easies) easy.close();
  expect(multi.perform()).toBe(0);
});

test("poll() waits even where there is nothing to wait for; wait() returns at once then", () => {
  using multi = new Multi();
  expect(time(() => multi.poll([], 100))).toBeGreaterThan(95);
  expect(time(() => multi.wait([], 1000))).toBeLessThan(500);
});

test.each(["poll", "wait"] as const)("%s() ends when an extra descriptor is ready", (name) => {
  using multi = new Multi();
  using easy = new Transfer(server.url("/hold"));
  multi.addHandle(easy);
  for (let i = 0; i < 5; i++) {
    multi.perform();
    sleepSync(5);
  }
  const extra: WaitFd[] = [{ fd: pipe.read, events: CURL_WAIT_POLLIN }];
  expect(multi[name](extra, 50)).toBe(0);
  expect(extra[0]!.revents).toBe(0);
  signal();
  let ready = -1;
  expect(time(() => ready = multi[name](extra, 3000))).toBeLessThan(1000);
  expect(ready).toBe(1);
  expect(extra[0]!.revents).toBe(CURL_WAIT_POLLIN);
});

test("poll() says for each extra descriptor what happened to it", () => {
  using multi = new Multi();
  const extra: WaitFd[] = [
    { fd: pipe.read, events: CURL_WAIT_POLLIN },
    { fd: pipe.write, events: CURL_WAIT_POLLOUT | CURL_WAIT_POLLPRI },
    { fd: pipe.read, events: 0 },
  ];
  expect(multi.poll(extra, 1000)).toBe(1);
  expect(extra.map(({ revents }) => revents)).toEqual([0, CURL_WAIT_POLLOUT, 0]);
  signal();
  expect(multi.poll(extra, 1000)).toBe(2);
  expect(extra.map(({ revents }) => revents)).toEqual([CURL_WAIT_POLLIN, CURL_WAIT_POLLOUT, 0]);
});

test("poll() takes a thousand extra descriptors", () => {
  using multi = new Multi();
  const extra = Array.from({ length: 1000 }, () => ({
    fd: pipe.write,
    events: CURL_WAIT_POLLOUT,
  }));
  expect(multi.poll(extra, 1000)).toBe(1000);
  expect(extra.every((one: WaitFd) => one.revents === CURL_WAIT_POLLOUT)).toBe(true);
});

test("wrong descriptors and timeouts are CURLM_BAD_FUNCTION_ARGUMENT", () => {
  using multi = new Multi();
  for (const name of ["poll", "wait"] as const) {
    const call = (...args: unknown[]) =>
      multiCode(() => (multi[name] as (...args: unknown[]) => unknown).apply(multi, args));
    for (const timeout of [-1, NaN, 1.5, 2 ** 31, "5", null, {}, 5n, Symbol("s")]) {
      expect(call([], timeout)).toBe(constants.CURLM_BAD_FUNCTION_ARGUMENT);
    }
    for (const list of [null, {}, 1, "fd", new Map()]) expect(call(list, 0)).toBe(10);
    for (const fd of [NaN, 1.5, "1", null, undefined, 1n, 2 ** 31]) {
      expect(call([{ fd, events: 1 }], 0)).toBe(10);
    }
    for (const events of [NaN, "1", null, undefined, 2 ** 16]) {
      expect(call([{ fd: 0, events }], 0)).toBe(10);
    }
    for (const one of [null, undefined, 5, "fd"]) expect(call([one], 0)).toBe(10);
  }
});

test("wakeup() ends the next poll(), once", () => {
  using multi = new Multi();
  multi.wakeup();
  multi.wakeup();
  expect(time(() => multi.poll([], 3000))).toBeLessThan(1000);
  expect(time(() => multi.poll([], 100))).toBeGreaterThan(95);
});

test("wakeup() from a timer callback ends the poll() that follows", () => {
  using multi = new Multi();
  using easy = new Transfer(server.url("/hold"));
  let woken = 0;
  multi.setOpt("TIMERFUNCTION", (multi) => {
    multi.wakeup();
    woken++;
  });
  multi.addHandle(easy);
  expect(woken).toBe(1);
  multi.removeHandle(easy);
  expect(time(() => multi.poll([], 3000))).toBeLessThan(1000);
});

test("fdset() is empty without transfers, with maxFd -1", () => {
  using multi = new Multi();
  expect(multi.fdset()).toEqual({ read: [], write: [], exc: [], maxFd: -1 });
});

test("fdset() names what to select() on: to write while connecting, to read while waiting", () => {
  using multi = new Multi();
  const sockets = new Map<number, number>(), wakeups = new Wakeups();
  multi.setOpt("SOCKETFUNCTION", (_easy, fd, what) => {
    if (!wakeups.takes(fd, what)) sockets.set(fd, what);
  });
  const easies = [1, 2].map(() => new Transfer(server.url("/hold")));
  for (const easy of easies) multi.addHandle(easy);
  multi.socketAll();
  const fds = [...sockets.keys()].sort((a, b) => a - b);
  const own = [...wakeups.watched.keys()];
  const connecting = { write: fds, read: own, exc: [], maxFd: fds.at(-1) };
  if (libcurl.announcesConnect.holds) expect(multi.fdset()).toMatchObject(connecting);
  for (let i = 0; i < 100 && multi.fdset().read.length < 2 + own.length; i++) {
    sleepSync(2);
    multi.socketAll();
  }
  expect(multi.fdset()).toMatchObject({ read: [...own, ...fds], write: [], maxFd: fds.at(-1) });
  for (const easy of easies) easy.close();
});

test("an eventfd serves as an extra descriptor as well", () => {
  using multi = new Multi();
  const fd = libc.eventfd(1, EFD_CLOEXEC_NONBLOCK);
  const extra: WaitFd[] = [{ fd, events: CURL_WAIT_POLLIN }];
  expect(multi.poll(extra, 1000)).toBe(1);
  libc.close(fd);
});
