// The contract of a poller, by epoll on real descriptors; and the layouts of its struct.
import { expect, test } from "vitest";
import { check, epollLayout, libc, POLLIN } from "../../../ffi/libc.ts";
import { libcPath } from "../../../ffi/libc.ts";
import { native } from "../../../ffi/runtime.ts";
import { EpollPoller } from "../../../src/driver/poller/epoll.ts";
import { createPoller } from "../../../src/driver/poller/create.ts";
import { type End, pollerContract } from "./contract.ts";
import { descriptors } from "../support.ts";

// SOCK_STREAM, SOCK_CLOEXEC, SOCK_NONBLOCK
const AF_UNIX = 1, SOCKET_TYPE = 1 | 0x80000 | 0x800;
// int domain, int type, int protocol, int sv[2]
const { socketpair } = native.open(libcPath, {
  socketpair: { args: ["i32", "i32", "i32", "buffer"], result: "i32" },
});

const block = new Uint8Array(65536);

function all(call: () => number): void {
  while (call() > 0);
}

function end(): End {
  const pair = new Int32Array(2);
  check("socketpair", socketpair!(AF_UNIX, SOCKET_TYPE, 0, pair));
  const [fd, peer] = pair as unknown as [number, number];
  const open = new Set([fd, peer]);
  const close = (one: number) => void (open.delete(one) && libc.close(one));
  return {
    fd,
    fill: () => void libc.write(peer, block, 1),
    drain: () => all(() => libc.read(fd, block, block.length)),
    stuff: () => all(() => libc.write(fd, block, block.length)),
    unstuff: () => all(() => libc.read(peer, block, block.length)),
    hangUp: () => close(peer),
    close: () => [fd, peer].forEach(close),
  };
}

pollerContract("epoll", {
  poller: () => new EpollPoller(),
  end,
  isReadable: (fd) => libc.poll(new Int32Array([fd, POLLIN]), 1, 0) > 0,
  count: () => descriptors("eventpoll") + descriptors("eventfd"),
});

test("a pipe whose writer is gone is told as failed", () => {
  const poller = new EpollPoller(), ends = new Int32Array(2);
  check("pipe", libc.pipe(ends));
  const [reading, writing] = ends as unknown as [number, number];
  poller.set(reading, 1, 9);
  libc.close(writing);
  expect(poller.ready()).toBe(1);
  expect([poller.fdAt(0), poller.maskAt(0), poller.tagAt(0)]).toEqual([reading, 4, 9]);
  libc.close(reading);
  poller.close();
});

test("struct epoll_event is packed on x86-64 only", () => {
  expect(epollLayout("x86_64")).toEqual({ words: 3, data: 1 });
  expect(epollLayout("aarch64")).toEqual({ words: 4, data: 2 });
  expect(epollLayout("riscv64")).toEqual({ words: 4, data: 2 });
});

test("this system's poller is made of it", () => {
  const poller = createPoller();
  expect(poller).toBeInstanceOf(EpollPoller);
  poller.close();
});
