// One parked wait for each thread: the epoll descriptors of all agents sit in one parent.
import { expect, test } from "vitest";
import { libc } from "../../ffi/libc.ts";
import { curl, Epoll, isLinux, Signal } from "./support.ts";

const linux = test.skipIf(!isLinux);

linux(
  "a parent epoll is readable when a child epoll is, and no longer than that (Linux only)",
  () => {
    using parent = new Epoll(), child = new Epoll(), signal = new Signal();
    parent.add(child.fd);
    child.add(signal.fd);
    expect(parent.ready()).toEqual([]);
    signal.raise();
    expect(parent.ready()).toEqual([child.fd]);
    expect(child.ready()).toEqual([signal.fd]);
    signal.lower();
    expect(parent.ready()).toEqual([]);
  },
);

linux("a parent epoll is level-triggered: it repeats what was not served (Linux only)", () => {
  using parent = new Epoll(), child = new Epoll(), signal = new Signal();
  parent.add(child.fd);
  child.add(signal.fd);
  signal.raise();
  for (let i = 0; i < 5; i++) expect(parent.ready()).toEqual([child.fd]);
  expect(child.ready()).toEqual([signal.fd]);
  expect(parent.ready()).toEqual([child.fd]);
});

linux("a descriptor that enters the child later wakes the parent (Linux only)", () => {
  using parent = new Epoll(), child = new Epoll(), signal = new Signal();
  parent.add(child.fd);
  signal.raise();
  expect(parent.ready()).toEqual([]);
  child.add(signal.fd);
  expect(parent.ready()).toEqual([child.fd]);
});

linux("pipes and sockets wake the parent through the child as well (Linux only)", () => {
  using parent = new Epoll(), child = new Epoll();
  parent.add(child.fd);
  const ends = new Int32Array(2);
  libc.pipe(ends);
  const [reading, writing] = ends as unknown as [number, number];
  child.add(reading);
  expect(parent.ready()).toEqual([]);
  libc.write(writing, new Uint8Array([1]), 1);
  expect(parent.ready()).toEqual([child.fd]);
  libc.read(reading, new Uint8Array(1), 1);
  expect(parent.ready()).toEqual([]);
  libc.close(writing);
  expect(parent.ready()).toEqual([child.fd]); // the end of a file is an event too
  libc.close(reading);
  expect(parent.ready()).toEqual([]);
  const unconnected = libc.socket(2, 1, 0); // AF_INET, SOCK_STREAM: hung up from the start
  child.add(unconnected);
  expect(parent.ready()).toEqual([child.fd]);
  libc.close(unconnected);
});

linux("a hundred children wake one parent, each by itself (Linux only)", () => {
  using parent = new Epoll();
  const children = Array.from({ length: 100 }, () => {
    const child = new Epoll(), signal = new Signal();
    parent.add(child.fd);
    child.add(signal.fd);
    return { child, signal };
  });
  try {
    for (const { child, signal } of children) {
      signal.raise();
      expect(parent.ready()).toEqual([child.fd]);
      signal.lower();
    }
    expect(parent.ready()).toEqual([]);
  } finally {
    for (const { child, signal } of children) child[Symbol.dispose](), signal[Symbol.dispose]();
  }
});

linux("a closed child leaves its parent by itself (Linux only)", () => {
  using parent = new Epoll(), signal = new Signal();
  const child = new Epoll();
  parent.add(child.fd);
  child.add(signal.fd);
  signal.raise();
  child[Symbol.dispose]();
  expect(parent.ready()).toEqual([]);
});

linux("deleting an unknown descriptor is an error that harms nothing (Linux only)", () => {
  using parent = new Epoll(), signal = new Signal();
  expect(parent.set(2, signal.fd)).toBe(-1);
  expect(parent.set(2, 999_999)).toBe(-1);
  parent.add(signal.fd);
  expect(parent.set(1, signal.fd)).toBe(-1);
  signal.raise();
  expect(parent.ready()).toEqual([signal.fd]);
  expect(curl.curl_version()).not.toBeNull();
});
