// What the poller is told of libcurl's sockets, and which events come through.
import { beforeEach, describe, expect, test } from "vitest";
import { FAILED, READ, WRITE } from "../../src/driver/poller/poller.ts";
import { Sockets } from "../../src/driver/sockets.ts";
import { FakePoller } from "./poller/fake_poller.ts";

const IN = 1, OUT = 2, INOUT = 3, REMOVE = 4;

let poller: FakePoller, sockets: Sockets;
beforeEach(() => {
  poller = new FakePoller();
  sockets = new Sockets(poller);
});

/** A socket that was announced by SOCKOPT, as most are. */
function announced(): number {
  const fd = poller.open();
  sockets.opened(fd);
  return fd;
}

function want(fd: number, what: number): void {
  sockets.socket(fd, what);
  sockets.apply();
}

function serve(): [fd: number, mask: number][] {
  const seen: [number, number][] = [];
  sockets.serve((fd, mask) => seen.push([fd, mask]));
  return seen;
}

test("interest reaches the poller at apply(), not before", () => {
  const fd = announced();
  sockets.socket(fd, IN);
  expect(poller.calls).toEqual([]);
  expect([...sockets.entries()]).toMatchObject([{ fd, dirty: true }]);
  sockets.apply();
  expect(poller.interestOf(fd)).toBe(READ);
  expect([...sockets.entries()]).toMatchObject([{ fd, dirty: false }]);
});

test("of several changes only the last one is told, and none where nothing changed", () => {
  const fd = announced();
  for (const what of [OUT, IN, INOUT, OUT]) sockets.socket(fd, what);
  sockets.apply();
  expect(poller.calls).toEqual([`set ${fd} ${WRITE}`]);
  sockets.socket(fd, IN);
  sockets.socket(fd, OUT);
  sockets.apply();
  sockets.apply();
  expect(poller.calls).toHaveLength(1);
});

test("an announced socket stays registered after REMOVE, and costs no call when it returns", () => {
  const fd = announced();
  want(fd, IN);
  want(fd, REMOVE);
  expect(poller.interestOf(fd)).toBe(READ);
  expect(sockets.wanted).toBe(0);
  expect(sockets.size).toBe(1);
  want(fd, IN);
  expect(poller.calls).toEqual([`set ${fd} ${READ}`]);
});

test("any other socket leaves the poller at REMOVE, at once", () => {
  const fd = poller.open();
  want(fd, IN);
  sockets.socket(fd, REMOVE);
  expect(poller.interestOf(fd)).toBe(0);
  expect(sockets.size).toBe(0);
});

test("a socket that never connected is forgotten at once where libcurl closes it without REMOVE", () => {
  sockets = new Sockets(poller, true);
  const lost = announced();
  want(lost, OUT);
  const kept = announced();
  want(kept, OUT);
  want(kept, IN);
  sockets.socket(lost, REMOVE);
  sockets.socket(kept, REMOVE);
  expect([poller.interestOf(lost), poller.interestOf(kept), sockets.size]).toEqual([0, READ, 1]);
});

test("an idle socket that would be told writable for ever leaves the poller", () => {
  const fd = announced();
  for (const what of [OUT, INOUT]) {
    want(fd, what);
    sockets.socket(fd, REMOVE);
    expect(poller.interestOf(fd)).toBe(0);
    expect(sockets.size).toBe(1);
  }
});

test("a REMOVE of an unknown number is tolerated, and one that comes twice", () => {
  sockets.socket(99, REMOVE);
  const fd = poller.open();
  want(fd, IN);
  want(fd, REMOVE);
  want(fd, REMOVE);
  expect([sockets.size, sockets.wanted]).toEqual([0, 0]);
});

test("a change that REMOVE overtook before apply() is not told", () => {
  const fd = poller.open();
  sockets.socket(fd, IN);
  sockets.socket(fd, REMOVE);
  sockets.apply();
  expect(poller.interestOf(fd)).toBe(0);
  const other = announced();
  sockets.socket(other, IN);
  sockets.closing(other);
  poller.close(other);
  sockets.apply();
  expect(sockets.size).toBe(0);
});

test("a number that is closed and opened before apply() is registered anew", () => {
  const fd = announced();
  want(fd, IN);
  sockets.closing(fd);
  poller.close(fd);
  expect(announced()).toBe(fd);
  want(fd, IN);
  expect(poller.interestOf(fd)).toBe(READ);
});

test("events reach libcurl with their mask", () => {
  const fd = announced();
  want(fd, INOUT);
  for (const mask of [READ, WRITE, READ | WRITE, READ | FAILED]) {
    poller.files.get(fd)!.ready = mask;
    expect(serve()).toEqual([[fd, mask]]);
  }
});

test("an error alone comes with what libcurl waits for, or it would be CURLE_SEND_ERROR in any case", () => {
  const fd = announced();
  for (const [what, mask] of [[IN, READ], [OUT, WRITE], [INOUT, READ | WRITE]] as const) {
    want(fd, what);
    poller.files.get(fd)!.ready = FAILED;
    expect(serve()).toEqual([[fd, mask | FAILED]]);
  }
});

test("an event of an idle socket ends its registration, and is not passed on", () => {
  const fd = announced();
  want(fd, IN);
  want(fd, REMOVE);
  poller.files.get(fd)!.ready = READ;
  expect(serve()).toEqual([]);
  expect(poller.interestOf(fd)).toBe(0);
  want(fd, IN);
  expect(serve()).toEqual([[fd, READ]]);
});

test("when the time is over, what had to wait comes first the next time", () => {
  const all = [announced(), announced(), announced()];
  for (const fd of all) want(fd, IN);
  for (const fd of all) poller.files.get(fd)!.ready = READ;
  const seen: number[] = [];
  for (let i = 0; i < 7; i++) {
    expect(sockets.serve((fd) => seen.push(fd), () => true)).toBe(1);
  }
  expect(seen).toEqual([...all, ...all, all[0]]);
});

test("when the time is over, a newcomer does not wait for the busy ones", () => {
  const busy = [announced(), announced(), announced()], seen: number[] = [];
  for (const fd of busy) want(fd, IN);
  for (const fd of busy) poller.files.get(fd)!.ready = READ;
  for (let i = 0; i < 4; i++) sockets.serve((fd) => seen.push(fd), () => true);
  const late = announced();
  want(late, IN);
  poller.files.get(late)!.ready = READ;
  sockets.serve((fd) => seen.push(fd), () => true);
  expect(seen).toEqual([...busy, busy[0], late]);
});

test("what is closed while it had to wait is not served", () => {
  const [first, second, third] = [announced(), announced(), announced()];
  for (const fd of [first, second, third]) want(fd, IN);
  for (const fd of [first, second, third]) poller.files.get(fd)!.ready = READ;
  const seen: number[] = [];
  sockets.serve((fd) => seen.push(fd), () => true);
  sockets.closing(second);
  poller.close(second);
  expect(announced()).toBe(second);
  want(second, IN);
  sockets.socket(third, REMOVE);
  sockets.serve((fd) => seen.push(fd));
  expect(seen).toEqual([first, first]);
});

test("an event of an unknown number removes it from the poller", () => {
  const fd = poller.open();
  poller.set(fd, READ, 1);
  poller.files.get(fd)!.ready = READ;
  expect(serve()).toEqual([]);
  expect(poller.interestOf(fd)).toBe(0);
});

test("an event of the former file of a number is dropped", () => {
  const first = announced(), second = announced();
  for (const fd of [first, second]) want(fd, IN);
  for (const fd of [first, second]) poller.files.get(fd)!.ready = READ;
  const seen: number[] = [];
  sockets.serve((fd) => {
    seen.push(fd);
    const other = fd === first ? second : first;
    // within libcurl's call the other one is closed and its number is given to a new socket
    sockets.socket(other, REMOVE);
    sockets.closing(other);
    poller.close(other);
    expect(announced()).toBe(other);
    sockets.socket(other, IN);
  });
  expect(seen).toEqual([first]);
  sockets.apply();
  expect(serve()).toHaveLength(1);
});

test("the same without an announcement: REMOVE ends the registration as well", () => {
  const first = poller.open(), second = poller.open();
  for (const fd of [first, second]) want(fd, IN);
  for (const fd of [first, second]) poller.files.get(fd)!.ready = READ;
  const seen: number[] = [];
  sockets.serve((fd) => {
    seen.push(fd);
    sockets.socket(second, REMOVE);
    poller.close(second);
    expect(poller.open()).toBe(second);
    sockets.socket(second, IN);
  });
  expect(seen).toEqual([first]);
});

test("wanted counts sockets, not calls", () => {
  const first = announced(), second = poller.open();
  for (const what of [IN, OUT, INOUT]) want(first, what);
  want(second, IN);
  expect(sockets.wanted).toBe(2);
  want(first, REMOVE);
  want(first, REMOVE);
  expect(sockets.wanted).toBe(1);
  sockets.closing(second);
  expect(sockets.wanted).toBe(0);
  sockets.closing(first);
  expect([...sockets.entries()]).toEqual([]);
});

test("a socket that libcurl never waited for may be closed without REMOVE: its number is another's", () => {
  // an FTP data connection that is given up at once, then the socket pair of a name's lookup
  const fd = announced();
  sockets.apply();
  expect(sockets.size).toBe(0);
  want(fd, IN);
  want(fd, REMOVE);
  expect(poller.interestOf(fd)).toBe(0);
  expect(sockets.size).toBe(0);
  want(fd, IN);
  expect(poller.interestOf(fd)).toBe(READ);
});

test("a socket announced twice starts anew", () => {
  const fd = announced();
  want(fd, IN);
  sockets.opened(fd);
  expect([sockets.wanted, sockets.size]).toEqual([0, 1]);
  expect(poller.interestOf(fd)).toBe(0);
});

describe("beside libcurl, others wait", () => {
  let told: [string, number, number?][];
  beforeEach(() => {
    told = [];
    sockets.waitListener = {
      ready: (fd, directions) => told.push(["ready", fd, directions]),
      gone: (fd) => told.push(["gone", fd]),
    };
  });

  test("the poller watches for what any of them wants", () => {
    const fd = announced();
    want(fd, IN);
    sockets.await(fd, WRITE);
    expect(poller.interestOf(fd)).toBe(READ | WRITE);
    want(fd, REMOVE);
    sockets.apply();
    expect(poller.interestOf(fd) & WRITE).toBe(WRITE);
    expect(sockets.wanted).toBe(0);
    sockets.unawait(fd, WRITE);
    expect(poller.interestOf(fd) & WRITE).toBe(0);
  });

  test("each is told of its own, once, and libcurl of all", () => {
    const fd = announced();
    want(fd, IN);
    sockets.await(fd, WRITE);
    poller.files.get(fd)!.ready = READ | WRITE;
    expect(serve()).toEqual([[fd, READ | WRITE]]);
    expect(told).toEqual([["ready", fd, WRITE]]);
    sockets.apply();
    expect(poller.interestOf(fd)).toBe(READ);
    expect(serve()).toEqual([[fd, READ]]);
    expect(told).toHaveLength(1);
  });

  test("what only they waited for is no event for libcurl, and does not count as work", () => {
    const fd = announced();
    sockets.await(fd, READ);
    poller.files.get(fd)!.ready = READ;
    expect(sockets.serve(() => expect.unreachable())).toBe(0);
    expect(told).toEqual([["ready", fd, READ]]);
  });

  test("one that waits again costs no call, one that does not leaves the poller", () => {
    const fd = announced();
    sockets.await(fd, READ);
    poller.files.get(fd)!.ready = READ;
    serve();
    sockets.await(fd, READ);
    serve();
    expect(poller.calls).toEqual([`set ${fd} ${READ}`]);
    serve();
    expect(poller.interestOf(fd)).toBe(0);
    expect(told).toHaveLength(2);
  });

  test("an error is told to all of them", () => {
    const fd = announced();
    sockets.await(fd, READ | WRITE);
    poller.files.get(fd)!.ready = FAILED;
    serve();
    expect(told).toEqual([["ready", fd, READ | WRITE]]);
  });

  test("an event without waits does not hide one with waits", () => {
    const fd = announced();
    sockets.await(fd, READ);
    poller.files.get(fd)!.ready = READ;
    serve(); // READ stays registered
    sockets.await(fd, WRITE);
    serve();
    sockets.apply();
    expect(poller.interestOf(fd)).toBe(WRITE);
    poller.files.get(fd)!.ready = READ | WRITE;
    serve();
    expect(told).toEqual([["ready", fd, READ], ["ready", fd, WRITE]]);
  });

  test("a number that is closed, or that is another's now, ends the wait", () => {
    const fd = announced();
    sockets.await(fd, READ);
    sockets.closing(fd);
    expect(told).toEqual([["gone", fd]]);
    const other = announced();
    sockets.await(other, WRITE);
    sockets.opened(other);
    expect(told).toEqual([["gone", fd], ["gone", other]]);
    serve();
    expect(told).toHaveLength(2);
  });

  test("one that was never announced leaves the poller with the last wait", () => {
    const fd = poller.open();
    sockets.await(fd, READ);
    expect(poller.interestOf(fd)).toBe(READ);
    sockets.unawait(fd, READ);
    expect([poller.interestOf(fd), sockets.size]).toEqual([0, 0]);
  });

  test("waiting for what is not open throws, and changes nothing", () => {
    expect(() => sockets.await(999, READ)).toThrow();
    expect(sockets.size).toBe(0);
  });
});
