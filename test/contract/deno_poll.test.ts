// How Deno waits: poll(2) on one thread of its pool, which also reads the application's files.
import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { libc, POLLIN } from "../../ffi/libc.ts";
import { native } from "../../ffi/runtime.ts";
import { pollOnce } from "./park.ts";
import { Epoll, isDeno, Signal, sleep } from "./support.ts";

const onlyDeno = " (Deno only: Bun watches a descriptor in its own loop)";

test("only Deno can run a call on another thread, only Bun can watch a descriptor", () => {
  expect(native.watch === null).toBe(isDeno);
  expect(native.watchByWorker === null).toBe(isDeno);
  if (!isDeno) expect(() => libc.poll_nonblocking(null, 0, 0)).toThrow("poll_nonblocking");
});

describe.skipIf(!isDeno)(`poll on a thread of the pool${onlyDeno}`, () => {
  test("an event in a child epoll ends the wait on the parent", async () => {
    using parent = new Epoll(), child = new Epoll(), signal = new Signal();
    parent.add(child.fd);
    child.add(signal.fd);
    const waiting = pollOnce(parent.fd);
    await sleep(30);
    signal.raise();
    expect(await waiting).toBe(1);
    expect(parent.ready()).toEqual([child.fd]);
  });

  test("what is ready at the call ends it at once", async () => {
    using parent = new Epoll(), signal = new Signal();
    parent.add(signal.fd);
    signal.raise();
    const started = performance.now();
    expect(await pollOnce(parent.fd)).toBe(1);
    expect(performance.now() - started).toBeLessThan(500);
  });

  test("a wait ends at its timeout, with nothing ready", async () => {
    using parent = new Epoll();
    const started = performance.now();
    expect(await pollOnce(parent.fd, 100)).toBe(0);
    expect(performance.now() - started).toBeGreaterThanOrEqual(95);
  });

  test("a child that enters the parent during the wait ends it", async () => {
    using parent = new Epoll(), child = new Epoll(), signal = new Signal();
    child.add(signal.fd);
    signal.raise();
    const waiting = pollOnce(parent.fd);
    await sleep(30);
    parent.add(child.fd);
    expect(await waiting).toBe(1);
  });

  test("a descriptor that enters a child during the wait ends it", async () => {
    using parent = new Epoll(), child = new Epoll(), signal = new Signal();
    parent.add(child.fd);
    signal.raise();
    const waiting = pollOnce(parent.fd);
    await sleep(30);
    child.add(signal.fd);
    expect(await waiting).toBe(1);
  });

  test("an eventfd in the parent cancels the wait", async () => {
    using parent = new Epoll(), child = new Epoll(), wake = new Signal();
    parent.add(child.fd);
    parent.add(wake.fd);
    const waiting = pollOnce(parent.fd);
    await sleep(30);
    wake.raise();
    expect(await waiting).toBe(1);
    expect(parent.ready()).toEqual([wake.fd]);
  });

  test("a thousand waits one after the other all end", async () => {
    using parent = new Epoll(), signal = new Signal();
    parent.add(signal.fd);
    for (let i = 0; i < 1000; i++) {
      const waiting = pollOnce(parent.fd);
      signal.raise();
      expect(await waiting).toBe(1);
      signal.lower();
    }
  });

  test("the JS thread reads the same epoll while the pool waits on it", async () => {
    using parent = new Epoll(), signal = new Signal();
    parent.add(signal.fd);
    const waiting = pollOnce(parent.fd);
    for (let i = 0; i < 100; i++) expect(parent.ready()).toEqual([]);
    signal.raise();
    expect(parent.ready()).toEqual([signal.fd]);
    expect(await waiting).toBe(1);
  });

  test("a hundred children cost one wait, and files and names are still looked up", async () => {
    using parent = new Epoll(), wake = new Signal();
    parent.add(wake.fd);
    const children = Array.from({ length: 100 }, () => new Epoll());
    for (const child of children) parent.add(child.fd);
    const waiting = pollOnce(parent.fd);
    await sleep(20);
    const started = performance.now();
    const url = new URL(import.meta.url);
    await Promise.all(Array.from({ length: 200 }, () => readFile(url)));
    await Promise.all(Array.from({ length: 20 }, () => lookup("localhost")));
    expect(performance.now() - started).toBeLessThan(3000);
    wake.raise();
    expect(await waiting).toBe(1);
    for (const child of children) child[Symbol.dispose]();
  });

  test("one wait for each agent would starve the application: 40 waits stop a file read", async () => {
    using parent = new Epoll(), wake = new Signal();
    parent.add(wake.fd);
    const waits = Array.from({ length: 40 }, () => pollOnce(parent.fd, 5000));
    await sleep(20);
    let isRead = false;
    const reading = readFile(new URL(import.meta.url)).then(() => isRead = true);
    await sleep(300);
    const wasRead = isRead;
    wake.raise();
    await Promise.all([reading, ...waits]);
    expect(wasRead).toBe(false);
  });

  test("poll reports POLLIN for a readable epoll in the block it was given", async () => {
    using parent = new Epoll(), signal = new Signal();
    parent.add(signal.fd);
    signal.raise();
    const pollfd = new Int32Array([parent.fd, POLLIN]);
    expect(libc.poll(pollfd, 1, 0)).toBe(1);
    expect((pollfd[1] as number) >>> 16).toBe(POLLIN); // short revents is the upper half
    await sleep(0);
  });
});
