// The contract of a poller, by kqueue on a kernel that a test stands in for; and the bytes that
// it hands to the system. That it runs on macOS is unproved.
import { expect, test } from "vitest";
import { KqueuePoller } from "../../../src/driver/poller/kqueue.ts";
import { READ, WRITE } from "../../../src/driver/poller/poller.ts";
import { FakeKernel, FILTERS } from "./fake_kqueue.ts";
import { look, pollerContract } from "./contract.ts";

const kernel = new FakeKernel();

pollerContract("kqueue", {
  poller: () => new KqueuePoller(kernel),
  end() {
    const fd = kernel.open();
    const file = () => kernel.files.get(fd)!;
    return {
      fd,
      fill: () => void (file().readable = true),
      drain: () => void (file().readable = false),
      stuff: () => void (file().writable = false),
      unstuff: () => void (file().writable = true),
      hangUp: () => void (file().hungUp = true),
      close: () => void kernel.close(fd),
    };
  },
  isReadable: (fd) => kernel.isReadable(fd),
  count: () => {
    const next = kernel.kqueue();
    kernel.close(next);
    return next;
  },
});

/** What a poller asks of the system. */
function changesOf(run: (poller: KqueuePoller, fd: number) => void): unknown[] {
  const own = new FakeKernel(), poller = new KqueuePoller(own), fd = own.open();
  run(poller, fd);
  return own.changes.map(({ ident, filter, flags, fflags, udata }) => [
    ident === fd ? "fd" : ident,
    Object.keys(FILTERS).find((name) => FILTERS[name] === filter),
    flags,
    fflags,
    Number(udata),
  ]);
}

const ADD = 1, DELETE = 2, ADD_CLEAR = 0x21, TRIGGER = 0x01000000;

test("each direction is a filter of its own, with the tag as udata", () => {
  expect(changesOf((poller, fd) => poller.set(fd, READ | WRITE, 7))).toEqual([
    ["fd", "READ", ADD, 0, 7],
    ["fd", "WRITE", ADD, 0, 7],
  ]);
});

test("a direction that is not wanted any more is deleted, one that stays gets the new tag", () => {
  expect(
    changesOf((poller, fd) => {
      poller.set(fd, READ | WRITE, 1);
      poller.set(fd, READ, 2);
    }).slice(2),
  ).toEqual([["fd", "READ", ADD, 0, 2], ["fd", "WRITE", DELETE, 0, 2]]);
});

test("deleting takes out what was put in, and no more", () => {
  const steps = changesOf((poller, fd) => {
    poller.set(fd, WRITE, 1);
    poller.delete(fd);
    poller.delete(fd);
  });
  expect(steps).toEqual([["fd", "WRITE", ADD, 0, 1], ["fd", "WRITE", DELETE, 0, 0]]);
});

test("a wake-up is a user event, added once and triggered each time", () => {
  expect(changesOf((poller) => (poller.wake(), poller.wake()))).toEqual([
    [0, "USER", ADD_CLEAR, 0, 0],
    [0, "USER", 0, TRIGGER, 0],
    [0, "USER", 0, TRIGGER, 0],
  ]);
});

test("a negative tag goes out as 32 bits and comes back signed", () => {
  const own = new FakeKernel(), poller = new KqueuePoller(own), fd = own.open();
  poller.set(fd, WRITE, -2);
  expect(own.changes[0]?.udata).toBe(0xfffffffen);
  expect(look(poller)).toEqual([[fd, WRITE, -2]]);
});

test("descriptor 0 is not mistaken for the wake-up", () => {
  const own = new FakeKernel(), poller = new KqueuePoller(own);
  own.files.set(0, { readable: true, writable: false, hungUp: false });
  poller.set(0, READ, 5);
  poller.wake();
  expect(look(poller)).toEqual([[0, READ, 5]]);
});

test("a kernel that refuses its queue is an error", () => {
  const refusing = { kqueue: () => -1, kevent: () => -1, close: () => 0 };
  expect(() => new KqueuePoller(refusing)).toThrow("Cannot kqueue()");
});

test("a look that is interrupted returns no events", () => {
  const own = new FakeKernel();
  const poller = new KqueuePoller({
    kqueue: () => own.kqueue(),
    kevent: (...args) => args[3] ? -1 : own.kevent(...args),
    close: (fd) => own.close(fd),
  });
  poller.set(own.open(), WRITE, 1);
  expect(look(poller)).toEqual([]);
});
