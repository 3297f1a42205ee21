// SOCKETDATA and TIMERDATA, and the callbacks that carry them.
import { expect, test } from "vitest";
import { Multi } from "../../../mod.ts";
import { LIFE, Loop, POLL_IN, SOCKET_TIMEOUT, Transfer } from "./support.ts";
import { useServer } from "../../use.ts";
import { Wakeups } from "../../versions.ts";

const server = useServer("http");

const ANY = [0, 1, -1, "", "text", true, false, NaN, 1n, Symbol("s"), {}, [], () => 1, new Map()];

test("SOCKETDATA and TIMERDATA take any JS value and give back the same one", () => {
  for (const value of ANY) {
    const seen = new Set<unknown>();
    using multi = new Multi();
    multi.setOpt("SOCKETDATA", value);
    multi.setOpt("TIMERDATA", value);
    multi.setOpt("SOCKETFUNCTION", (_easy, _fd, _what, data) => void seen.add(data));
    multi.setOpt("TIMERFUNCTION", (_multi, _timeoutMs, data) => void seen.add(data));
    using easy = new Transfer(server.url("/hold"));
    multi.addHandle(easy);
    expect([...seen]).toEqual([value]);
    multi.socketAction(SOCKET_TIMEOUT, 0);
    multi.removeHandle(easy);
    expect(seen.size).toBe(1);
    expect(seen.has(value)).toBe(true);
  }
});

test("without data, and after null, the callbacks get undefined", () => {
  using loop = new Loop();
  loop.multi.setOpt("SOCKETDATA", "old");
  loop.multi.setOpt("SOCKETDATA", null);
  loop.add(new Transfer(server.url("/delay/20"))).run();
  expect(new Set(loop.calls.map(({ clientData }) => clientData))).toEqual(new Set([undefined]));
});

test("data set before or after the function, or in mid-transfer, counts from then on", () => {
  const seen: unknown[] = [];
  using loop = new Loop(undefined, (_multi, _timeoutMs, data) => void seen.push(data));
  loop.add(new Transfer(server.url("/hold")));
  loop.multi.setOpt("SOCKETDATA", 1);
  loop.multi.setOpt("TIMERDATA", 1);
  loop.run(() => loop.calls.at(-1)?.what === POLL_IN);
  loop.multi.setOpt("SOCKETDATA", 2);
  loop.multi.setOpt("TIMERDATA", 2);
  loop.multi.close();
  expect(loop.calls.map(({ clientData }) => clientData)).toEqual([
    ...LIFE.slice(1).map(() => 1),
    2,
  ]);
  expect(seen[0]).toBeUndefined();
  expect(seen.slice(1)).toContain(1);
});

test("data without a function is kept, and nothing is called", () => {
  using multi = new Multi();
  multi.setOpt("SOCKETDATA", {});
  multi.setOpt("TIMERDATA", {});
  multi.setOpt("PUSHDATA", {});
  using easy = new Transfer(server.url("/delay/20"));
  multi.addHandle(easy);
  while (multi.perform() > 0) multi.poll([], 1000);
  expect(easy.received).toBe(98);
});

test("a TIMERFUNCTION set to null is not called any more", () => {
  using loop = new Loop();
  loop.add(new Transfer(server.url("/hold")));
  expect(loop.timeouts).toEqual([0]);
  loop.multi.setOpt("TIMERFUNCTION", null);
  loop.multi.socketAction(SOCKET_TIMEOUT, 0);
  loop.multi.close();
  expect(loop.timeouts).toEqual([0]);
});

test("a function may be replaced in mid-transfer, and works by number too", () => {
  using multi = new Multi();
  const seen: string[] = [], wakeups = new Wakeups();
  const say = (word: string) => (_easy: unknown, fd: number, what: number) => {
    if (!wakeups.takes(fd, what)) seen.push(word);
  };
  multi.setOpt("SOCKETFUNCTION", say("first"));
  using easy = new Transfer(server.url("/hold"));
  multi.addHandle(easy);
  multi.socketAll();
  multi.setOpt(20001, say("second"));
  multi.removeHandle(easy);
  expect(seen).toEqual(["first", "second"]);
});

test("TIMERFUNCTION gets the multi; addHandle() calls it with 0, the last removal with -1", () => {
  using multi = new Multi();
  const seen: [Multi, number][] = [];
  multi.setOpt("TIMERFUNCTION", (...[which, timeoutMs]) => void seen.push([which, timeoutMs]));
  using easy = new Transfer(server.url("/hold"));
  multi.addHandle(easy);
  multi.removeHandle(easy);
  expect(seen).toEqual([[multi, 0], [multi, -1]]);
  expect(seen[0]![0]).toBe(multi);
});

test("the timer is told again when a timeout remains after CURL_SOCKET_TIMEOUT", () => {
  using loop = new Loop();
  const easies = [100, 200, 300].map((ms) =>
    new Transfer(server.url("/hold"), { HAPPY_EYEBALLS_TIMEOUT_MS: 4000, TIMEOUT_MS: ms })
  );
  loop.add(...easies).run();
  expect(easies.map((easy) => loop.resultOf(easy))).toEqual([28, 28, 28]);
  expect(loop.timeouts[0]).toBe(0);
  expect(loop.timeouts.filter((ms) => ms > 0).length).toBeGreaterThanOrEqual(3);
});

test("a limit of connections is kept: transfers wait for their turn", () => {
  let most = 0;
  using loop: Loop = new Loop(() => {
    most = Math.max(most, loop.sockets.size);
  });
  loop.multi.setOpt("MAX_TOTAL_CONNECTIONS", 2);
  loop.add(...Array.from({ length: 8 }, () => new Transfer(server.url("/delay/20")))).run();
  expect(loop.messages.map(({ result }) => result)).toEqual(new Array(8).fill(0));
  expect(most).toBe(2);
});
