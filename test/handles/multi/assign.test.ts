// How long a value given to assign() lives: until REMOVE, until it is replaced, until close().
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AssignedValues } from "../../../src/handles/multi/assigned_values.ts";
import { FIRST, LIFE, Loop, multiCode, POLL_IN, POLL_REMOVE, Transfer } from "./support.ts";
import { useServer } from "../../use.ts";

const server = useServer("http", "ftp");

const tables = new Set<AssignedValues>();
beforeEach(() => {
  const { reserve } = AssignedValues.prototype;
  vi.spyOn(AssignedValues.prototype, "reserve").mockImplementation(
    function (this: AssignedValues, value) {
      tables.add(this);
      return reserve.call(this, value);
    },
  );
});
afterEach(() => {
  vi.restoreAllMocks();
  tables.clear();
});

/** How many values are held by all tables in use. */
const held = (): number => [...tables].reduce((sum, table) => sum + table.size, 0);

test("a value is released after REMOVE, whose callback still gets it", () => {
  let inCallback = -1;
  using loop: Loop = new Loop(({ fd, what }) => {
    if (what === FIRST) loop.multi.assign(fd, { fd });
    if (what === POLL_REMOVE) inCallback = held();
  });
  loop.add(new Transfer(server.url("/delay/200"))).run();
  expect(inCallback).toBe(1);
  expect(held()).toBe(0);
});

test("a thousand transfers leave no value behind", () => {
  let most = 0;
  using loop: Loop = new Loop(({ fd, what }) => {
    if (what !== POLL_REMOVE) loop.multi.assign(fd, { fd, what });
    most = Math.max(most, held());
  });
  for (let i = 0; i < 20; i++) {
    const easies = Array.from({ length: 50 }, () => new Transfer(server.url("/delay/20")));
    loop.add(...easies).run(() => easies.every((easy) => loop.resultOf(easy) !== undefined));
    for (const easy of easies) loop.multi.removeHandle(easy);
  }
  expect(loop.messages.filter(({ result }) => result === 0)).toHaveLength(1000);
  expect(most).toBeLessThanOrEqual(50);
  expect(held()).toBe(0);
});

test("a value assigned inside the REMOVE callback is accepted, and released after it", () => {
  using loop: Loop = new Loop(({ fd, what }) => {
    if (what === POLL_REMOVE) loop.multi.assign(fd, "too late");
  });
  const easies = [1, 2].map(() => new Transfer(server.url("/delay/200")));
  for (const easy of easies) {
    loop.add(easy).run(() => loop.resultOf(easy) === 0);
    loop.multi.removeHandle(easy);
    expect(held()).toBe(0);
  }
  // the second transfer had the same connection, whose socket was announced anew
  expect(loop.calls.map(({ socketData }) => socketData)).not.toContain("too late");
});

test("assign(fd, undefined) forgets the value at once", () => {
  using loop = new Loop();
  loop.add(new Transfer(server.url("/hold"))).run(() => loop.calls.at(-1)?.what === POLL_IN);
  const { fd } = loop.calls[0]!;
  loop.multi.assign(fd, "value");
  expect(held()).toBe(1);
  loop.multi.assign(fd, undefined);
  expect(held()).toBe(0);
  loop.multi.assign(fd, undefined);
  loop.multi.close();
  expect(loop.calls.at(-1)).toMatchObject({ what: POLL_REMOVE, socketData: undefined });
});

test("a replaced value is not held any longer", () => {
  using loop = new Loop();
  loop.add(new Transfer(server.url("/hold"))).run(() => loop.calls.at(-1)?.what === POLL_IN);
  for (let i = 0; i < 1000; i++) loop.multi.assign(loop.calls[0]!.fd, { i });
  expect(held()).toBe(1);
});

test("a refused value is not held", () => {
  using loop = new Loop();
  for (let fd = 0; fd < 100; fd++) multiCode(() => loop.multi.assign(fd, { fd }));
  expect(tables.size).toBe(1);
  expect(held()).toBe(0);
});

test("values are released by REMOVE even where SOCKETFUNCTION is null", () => {
  using loop = new Loop();
  const easy = new Transfer(server.url("/delay/250"));
  loop.add(easy).run(() => loop.calls.at(-1)?.what === POLL_IN);
  loop.multi.assign(loop.calls[0]!.fd, "value");
  loop.multi.setOpt("SOCKETFUNCTION", null);
  expect(held()).toBe(1);
  loop.run();
  expect(loop.resultOf(easy)).toBe(0);
  expect(held()).toBe(0);
});

test("values are released by REMOVE even where the callback fails there", () => {
  for (
    const fail of [() => -1, () => Promise.resolve(0), () => {
      throw new Error("in REMOVE");
    }]
  ) {
    using loop: Loop = new Loop(
      (({ fd, what }) => {
        if (what === FIRST) loop.multi.assign(fd, "value");
        if (what === POLL_REMOVE && armed) return fail();
      }) as ConstructorParameters<typeof Loop>[0],
    );
    let armed = true;
    loop.add(new Transfer(server.url("/delay/5")));
    try {
      loop.run();
    } catch {
      // some of them make the call fail
    }
    armed = false;
    expect(held()).toBe(0);
  }
});

test("close() passes the values to the callbacks, and then releases them", () => {
  using loop: Loop = new Loop(({ fd, what }) => {
    if (what === FIRST) loop.multi.assign(fd, `value of ${fd}`);
  });
  const easies = [1, 2, 3].map(() => new Transfer(server.url("/hold")));
  loop.add(...easies).run(() => loop.calls.length === 3 * (LIFE.length - 1));
  expect(held()).toBe(3);
  loop.calls.length = 0;
  loop.multi.close();
  expect(loop.calls).toHaveLength(3);
  for (const { fd, what, socketData } of loop.calls) {
    expect({ what, socketData }).toEqual({ what: POLL_REMOVE, socketData: `value of ${fd}` });
  }
  expect(held()).toBe(0);
});

test("the same fd number in another multi has its own value", () => {
  const make = (name: string): Loop => {
    const loop: Loop = new Loop(({ fd, what }) => {
      if (what === FIRST) loop.multi.assign(fd, name);
    });
    return loop;
  };
  using first = make("first"), second = make("second");
  for (const loop of [first, second, first, second]) {
    const easy = new Transfer(server.url("/delay/20"), { FORBID_REUSE: 1 });
    loop.add(easy).run(() => loop.resultOf(easy) === 0);
    loop.multi.removeHandle(easy);
  }
  const [one] = new Set(first.calls.map(({ fd }) => fd));
  expect(second.calls.map(({ fd }) => fd)).toContain(one);
  const data = (loop: Loop) => new Set(loop.calls.map(({ socketData }) => socketData));
  expect(data(first)).toEqual(new Set([undefined, "first"]));
  expect(data(second)).toEqual(new Set([undefined, "second"]));
});

test("a number that is used again for a new socket starts without a value", () => {
  const born: unknown[] = [];
  using loop: Loop = new Loop(({ fd, what, socketData }) => {
    if (what === FIRST) born.push(socketData);
    loop.multi.assign(fd, `connection ${born.length}`);
  });
  for (let i = 0; i < 20; i++) {
    // one that is answered at once may end before 7.88 without a word about its socket
    const easy = new Transfer(server.url("/delay/10"), { FORBID_REUSE: 1 });
    loop.add(easy).run(() => loop.resultOf(easy) === 0);
    loop.multi.removeHandle(easy);
  }
  expect(new Set(loop.calls.map(({ fd }) => fd)).size).toBeLessThan(5); // reuse did happen
  expect(born).toEqual(new Array(20).fill(undefined));
});

test("two sockets of one transfer have a value each", () => {
  using loop: Loop = new Loop(({ fd, what }) => {
    if (what !== POLL_REMOVE) loop.multi.assign(fd, fd);
  });
  loop.add(new Transfer(server.url("/big.bin", "ftp"))).run();
  expect(loop.messages[0]?.result).toBe(0);
  for (const { fd, socketData } of loop.calls) expect([undefined, fd]).toContain(socketData);
  expect(held()).toBe(0);
});
