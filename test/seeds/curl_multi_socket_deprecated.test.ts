// The promises of curl's present page curl_multi_socket, which deprecates it, sentence by sentence:
// the same calls, as they stand beside TIMERFUNCTION and curl_multi_socket_action.
import { expect, test } from "vitest";
import { constants, Multi } from "../../mod.ts";
import {
  LIFE,
  Loop,
  multiError,
  POLL_IN,
  POLL_REMOVE,
  pollSockets,
  sleepSync,
  SOCKET_TIMEOUT,
  Transfer,
} from "../handles/multi/support.ts";
import { useServer } from "../use.ts";

const server = useServer("http", "ftp");

/** Without the 200 ms after which libcurl would try a second address. */
const NO_TIMERS = { HAPPY_EYEBALLS_TIMEOUT_MS: 4000 };

test("typical usage: wait as TIMERFUNCTION says, socketAction() for each active socket, and at the timeout", () => {
  using multi = new Multi(); // 1
  const sockets = new Map<number, number>(); // 5
  let deadline = Infinity, running = 0, finished = 0;
  multi.setOpt("SOCKETFUNCTION", (_easy, fd, what) => { // 2
    if (what === POLL_REMOVE) sockets.delete(fd);
    else sockets.set(fd, what);
    return 0;
  });
  multi.setOpt("TIMERFUNCTION", (_multi, timeoutMs) => { // 3
    deadline = timeoutMs < 0 ? Infinity : performance.now() + timeoutMs;
    return 0;
  });
  const easies = ["/delay/20", "/bytes/300000", "/delay/100", "/redirect/2"].map((path) =>
    new Transfer(server.url(path), { FOLLOWLOCATION: true })
  );
  for (const easy of easies) multi.addHandle(easy); // 4
  do {
    const wait = Math.max(0, Math.min(deadline - performance.now(), 1000));
    const active = pollSockets(sockets, wait); // 6
    for (const [fd, mask] of active) running = multi.socketAction(fd, mask); // 7
    if (active.length === 0 && performance.now() >= deadline) {
      deadline = Infinity;
      running = multi.socketAction(constants.CURL_SOCKET_TIMEOUT, 0);
    }
    for (const message of multi.messages()) {
      expect(message.result).toBe(0);
      finished++;
    }
  } while (running > 0); // 8
  expect(finished).toBe(easies.length);
  expect(easies.map(({ received }) => received)).toEqual([98, 300_000, 98, 98]);
  for (const easy of easies) easy.close();
});

test("CURLM_OK is silent; otherwise the specific CURLM code is thrown", () => {
  const multi = new Multi();
  expect(multi.socketAll()).toBe(0);
  expect(multi.socket(SOCKET_TIMEOUT)).toBe(0);
  multi.close();
  for (const call of [() => multi.socket(3), () => multi.socketAll()]) {
    const { code, codeName } = multiError(call);
    expect({ code, codeName }).toEqual({ code: 1, codeName: "CURLM_BAD_HANDLE" });
  }
});

test("modern libcurl returns neither CURLM_CALL_MULTI_PERFORM nor CURLM_CALL_MULTI_SOCKET", () => {
  expect(constants.CURLM_CALL_MULTI_PERFORM).toBe(-1);
  expect(constants.CURLM_CALL_MULTI_SOCKET).toBe(-1);
  using loop = new Loop();
  loop.act = (fd) => loop.multi.socket(fd); // -1 would be thrown
  loop.add(...[1, 2, 3].map(() => new Transfer(server.url("/bytes/200000")))).run();
});

test("the return code is for the whole stack: transfers fail while the calls succeed", () => {
  using loop = new Loop();
  const easies = ["http://127.0.0.1:1/", "nosuch://127.0.0.1/", server.url("/truncated")]
    .map((url) => new Transfer(url));
  loop.add(...easies).run();
  expect(easies.map((easy) => loop.resultOf(easy))).toEqual([
    constants.CURLE_COULDNT_CONNECT,
    constants.CURLE_UNSUPPORTED_PROTOCOL,
    constants.CURLE_PARTIAL_FILE,
  ]);
});

test("the count of running handles falls to zero, and infoRead() says who ended", () => {
  using loop = new Loop();
  const counts = new Set<number>();
  loop.act = (fd, mask) => {
    const running = loop.multi.socketAction(fd, mask);
    counts.add(running);
    return running;
  };
  const easies = [150, 0, 75].map((ms) => new Transfer(server.url(`/delay/${ms}`)));
  loop.add(...easies).run();
  expect([...counts]).toEqual([3, 2, 1, 0]);
  expect(loop.messages.map(({ easy }) => easies.indexOf(easy as Transfer))).toEqual([1, 2, 0]);
});

test("socketAction() on one socket may end the transfer of another", () => {
  using loop = new Loop();
  const slow = new Transfer(server.url("/stream/50/10"), NO_TIMERS);
  const late = new Transfer(server.url("/hold"), { ...NO_TIMERS, TIMEOUT_MS: 300 });
  loop.add(slow, late).run(() => slow.received > 0);
  const { fd } = loop.calls.find(({ easy }) => easy === slow)!;
  sleepSync(320);
  expect(loop.multi.socketAction(fd, constants.CURL_CSELECT_IN)).toBe(1);
  expect(loop.multi.infoRead()?.easy).toBe(late);
});

test("socketAction() tells of changes by no, one or several calls of SOCKETFUNCTION", () => {
  using loop = new Loop();
  const told = new Set<number>();
  loop.act = (fd, mask) => {
    const before = loop.calls.length;
    const running = loop.multi.socketAction(fd, mask);
    told.add(Math.min(loop.calls.length - before, 2));
    return running;
  };
  // what drips brings actions that change nothing
  const paths = ["/bytes/3000000", "/bytes/3000000", "/stream/50/10"];
  loop.add(...paths.map((path) => new Transfer(server.url(path)))).run();
  expect([...told].sort()).toEqual([0, 1, 2]);
});

test("TIMERFUNCTION says how long to wait at most before socketAction(CURL_SOCKET_TIMEOUT)", () => {
  using loop = new Loop();
  const easy = new Transfer(server.url("/hold"), { ...NO_TIMERS, TIMEOUT_MS: 150 });
  const started = performance.now();
  loop.add(easy);
  expect(loop.timeouts).toEqual([0]); // the kick-off, by addHandle itself
  loop.run();
  expect(loop.resultOf(easy)).toBe(constants.CURLE_OPERATION_TIMEDOUT);
  expect(performance.now() - started).toBeGreaterThanOrEqual(149);
  expect(Math.max(...loop.timeouts)).toBeLessThanOrEqual(152); // it rounds up
});

test("timeout() can be polled at any time for what TIMERFUNCTION was told", () => {
  using loop = new Loop();
  loop.add(new Transfer(server.url("/hold"), { ...NO_TIMERS, TIMEOUT_MS: 2000 }));
  expect(loop.multi.timeout()).toBe(loop.timeouts.at(-1));
  loop.run(() => loop.calls.at(-1)?.what === POLL_IN);
  const told = loop.timeouts.at(-1)!, polled = loop.multi.timeout();
  expect(polled).toBeLessThanOrEqual(told + 1);
  expect(polled).toBeGreaterThan(told - 1000);
});

test("socket(fd) is equivalent to socketAction(fd, 0)", () => {
  const runs = (["socket", "socketAction"] as const).map((name) => {
    using loop = new Loop();
    loop.act = (fd) => name === "socket" ? loop.multi.socket(fd) : loop.multi.socketAction(fd, 0);
    const easy = new Transfer(server.url("/slow/5/20"));
    loop.add(easy).run();
    return { whats: loop.calls.map(({ what }) => what), bytes: easy.received };
  });
  expect(runs[0]).toEqual({ whats: LIFE, bytes: 5 });
  expect(runs[1]).toEqual(runs[0]);
});

test("socketAll() re-checks all sockets and transfers where socket() would check one", () => {
  using loop = new Loop();
  const easies = [1, 2, 3].map(() => new Transfer(server.url("/delay/300"), NO_TIMERS));
  loop.add(...easies).run(() => loop.calls.filter(({ what }) => what === POLL_IN).length === 3);
  sleepSync(700); // three answers are there
  expect(loop.multi.socketAll()).toBe(0);
  expect(easies.map(({ received }) => received)).toEqual([98, 98, 98]);
});

test("one handle works with several sockets at a time, each with its own socketp", () => {
  using loop: Loop = new Loop(({ fd, what, socketData }) => {
    if (what !== POLL_REMOVE && socketData === undefined) loop.multi.assign(fd, { fd });
  });
  const easy = new Transfer(server.url("/hello.txt", "ftp"));
  loop.add(easy).run();
  expect(loop.resultOf(easy)).toBe(0);
  expect(new Set(loop.calls.map(({ fd }) => fd)).size).toBe(2);
  for (const call of loop.calls) {
    expect(call.easy).toBe(easy);
    if (call.what === POLL_REMOVE) expect(call.socketData).toEqual({ fd: call.fd });
  }
});

test("userp is SOCKETDATA", () => {
  using loop = new Loop();
  const userp = Symbol("userp");
  loop.multi.setOpt("SOCKETDATA", userp);
  loop.add(new Transfer(server.url("/delay/50"))).run();
  expect(new Set(loop.calls.map(({ clientData }) => clientData))).toEqual(new Set([userp]));
});
