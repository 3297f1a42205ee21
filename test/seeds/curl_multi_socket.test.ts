// The promises of curl's page curl_multi_socket as it was in 2006, sentence by sentence: without a
// timer callback, driven by socketAll(), timeout() and socket().
import { expect, test } from "vitest";
import { constants, Multi } from "../../mod.ts";
import {
  LIFE,
  Loop,
  multiCode,
  POLL_IN,
  POLL_REMOVE,
  pollSockets,
  sleepSync,
  SOCKET_TIMEOUT,
  Transfer,
} from "../handles/multi/support.ts";
import { useServer } from "../use.ts";

const server = useServer("http");

/** Without the 200 ms after which libcurl would try a second address. */
const NO_TIMERS = { HAPPY_EYEBALLS_TIMEOUT_MS: 4000 };

/** A loop that knows no socketAction(). */
function oldLoop(): Loop {
  const loop = new Loop();
  loop.act = (fd) => loop.multi.socket(fd);
  return loop;
}

test("typical usage: socketAll() once, then wait as timeout() says and call socket() for what got action", () => {
  using multi = new Multi(); // 1
  const sockets = new Map<number, number>(); // 5
  multi.setOpt("SOCKETFUNCTION", (_easy, fd, what) => { // 2
    if (what === POLL_REMOVE) sockets.delete(fd);
    else sockets.set(fd, what);
  });
  const easies = ["/delay/20", "/bytes/300000", "/delay/100"].map((path) =>
    new Transfer(server.url(path))
  );
  for (const easy of easies) multi.addHandle(easy); // 3
  let running = multi.socketAll(); // 4
  // A quick answer may be there already; the delayed one cannot be.
  expect(running).toBeGreaterThanOrEqual(1);
  expect(running).toBeLessThanOrEqual(3);
  for (let rounds = 0; running > 0; rounds++) {
    expect(rounds).toBeLessThan(10_000);
    const timeout = multi.timeout(); // 6
    const ready = pollSockets(sockets, timeout < 0 ? 1000 : Math.min(timeout, 1000)); // 7
    for (const [fd] of ready) running = multi.socket(fd); // 8
    if (ready.length === 0) running = multi.socket(SOCKET_TIMEOUT);
  } // 9
  const finished = [...multi.messages()];
  expect(finished.map(({ result }) => result)).toEqual([0, 0, 0]);
  expect(easies.map(({ received }) => received)).toEqual([98, 300_000, 98]);
  for (const easy of easies) easy.close();
});

test("a socket that had action is passed to socket(), and libcurl performs on it", () => {
  using loop = oldLoop();
  const easy = new Transfer(server.url("/delay/300"), NO_TIMERS);
  loop.add(easy).run(() => loop.calls.at(-1)?.what === POLL_IN);
  const [ready] = pollSockets(loop.sockets, 1000);
  expect(easy.received).toBe(0);
  expect(loop.multi.socket(ready![0])).toBe(0);
  expect(easy.received).toBe(98);
});

test("libcurl need not look at all descriptors: socket() reads from the given one only", () => {
  using loop = oldLoop();
  const easies = [1, 2].map(() => new Transfer(server.url("/delay/300"), NO_TIMERS));
  loop.add(...easies).run(() => loop.calls.filter(({ what }) => what === POLL_IN).length === 2);
  sleepSync(700); // both answers are there
  const [first, second] = loop.sockets.keys();
  expect(loop.multi.socket(first!)).toBe(1);
  const received = easies.map((easy) => easy.received);
  expect(received.filter((bytes) => bytes > 0)).toHaveLength(1);
  expect(loop.multi.socket(second!)).toBe(0);
  expect(easies.map((easy) => easy.received)).toEqual([98, 98]);
});

test("at return there is the number of transfers that still run; at zero all are done", () => {
  using loop = oldLoop();
  const counts: number[] = [];
  loop.act = (fd) => {
    counts.push(loop.multi.socket(fd));
    return counts.at(-1)!;
  };
  const easies = [50, 150, 250].map((ms) => new Transfer(server.url(`/delay/${ms}`)));
  loop.add(...easies).run(() => counts.at(-1) === 0);
  expect([...new Set(counts)]).toEqual([3, 2, 1, 0]);
  expect(easies.map((easy) => loop.resultOf(easy))).toEqual([0, 0, 0]);
});

test("when the count falls by one in socket(), another transfer may have ended: ask infoRead()", () => {
  using loop = oldLoop();
  const slow = new Transfer(server.url("/stream/50/10"));
  const late = new Transfer(server.url("/hold"), { TIMEOUT_MS: 300 });
  loop.add(slow, late).run(() => slow.received > 0);
  sleepSync(350);
  const { fd } = loop.calls.find(({ easy }) => easy === slow)!;
  expect(loop.multi.socket(fd)).toBe(1);
  const message = loop.multi.infoRead();
  expect(message?.easy).toBe(late);
  expect(message?.result).toBe(constants.CURLE_OPERATION_TIMEDOUT);
  expect(loop.multi.infoRead()).toBe(null);
});

test("a call tells of socket changes by no, one or several calls of SOCKETFUNCTION", () => {
  using loop = oldLoop();
  const told = new Set<number>();
  loop.act = (fd) => {
    const before = loop.calls.length;
    const running = loop.multi.socket(fd);
    told.add(Math.min(loop.calls.length - before, 2));
    return running;
  };
  // a byte of a slow answer changes nothing
  const paths = ["/bytes/3000000", "/bytes/3000000", "/slow/10/20"];
  loop.add(...paths.map((path) => new Transfer(server.url(path))));
  const before = loop.calls.length;
  loop.multi.socketAll();
  told.add(Math.min(loop.calls.length - before, 2));
  loop.run();
  expect([...told].sort()).toEqual([0, 1, 2]);
});

test("SOCKETFUNCTION is told of changes since its previous call", () => {
  using loop = oldLoop();
  loop.add(new Transfer(server.url("/slow/5/20"))).run();
  const whats = loop.whats(loop.calls[0]!.fd);
  expect(whats).toEqual(LIFE);
});

test("socketAll() checks all sockets and transfers, as the first call before any socket is known", () => {
  using loop = oldLoop();
  const easies = [1, 2, 3].map(() => new Transfer(server.url("/delay/300")));
  loop.add(...easies);
  expect(loop.calls).toEqual([]);
  expect(loop.multi.socketAll()).toBe(3);
  expect(loop.sockets.size).toBe(3);
  expect(new Set(loop.calls.map(({ easy }) => easy))).toEqual(new Set(easies));
});

test("socketAll() alone also drives transfers to their end", () => {
  using loop = oldLoop();
  loop.add(new Transfer(server.url("/bytes/100000")), new Transfer(server.url("/delay/250")));
  const end = performance.now() + 8000;
  while (loop.multi.socketAll() > 0) {
    expect(performance.now()).toBeLessThan(end);
    pollSockets(loop.sockets, 2);
  }
  expect([...loop.multi.messages()].map(({ result }) => result)).toEqual([0, 0]);
});

test("timeout() says how long to wait at most before socket(CURL_SOCKET_TIMEOUT)", () => {
  using multi = new Multi();
  const easy = new Transfer(server.url("/hold"), { ...NO_TIMERS, TIMEOUT_MS: 300 });
  multi.addHandle(easy);
  expect(multi.timeout()).toBe(0);
  for (const end = performance.now() + 200; performance.now() < end;) {
    multi.socketAll();
    sleepSync(5);
  }
  const left = multi.timeout();
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(300);
  sleepSync(150);
  expect(multi.socket(constants.CURL_SOCKET_TIMEOUT)).toBe(0);
  expect(multi.infoRead()?.result).toBe(constants.CURLE_OPERATION_TIMEDOUT);
  expect(multi.timeout()).toBe(-1);
  easy.close();
});

test("CURLM_CALL_MULTI_PERFORM would be an error with that name, but is not returned any more", () => {
  using loop = oldLoop();
  loop.add(...[1, 2, 3].map(() => new Transfer(server.url("/bytes/100000"))));
  loop.run(); // each call that did not throw returned CURLM_OK
  expect(constants.CURLM_CALL_MULTI_PERFORM).toBe(-1);
});

test("errors are of the whole stack only: a transfer's own failure leaves socket() OK", () => {
  using loop = oldLoop();
  const refused = new Transfer("http://127.0.0.1:1/"), fine = new Transfer(server.url("/delay/20"));
  loop.add(refused, fine).run();
  expect(loop.resultOf(refused)).toBe(constants.CURLE_COULDNT_CONNECT);
  expect(loop.resultOf(fine)).toBe(0);
  const closed = new Multi();
  closed.close();
  expect(multiCode(() => closed.socket(1))).toBe(constants.CURLM_BAD_HANDLE);
  expect(multiCode(() => closed.socketAll())).toBe(constants.CURLM_BAD_HANDLE);
});
