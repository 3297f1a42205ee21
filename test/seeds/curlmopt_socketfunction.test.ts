// The promises of curl's page CURLMOPT_SOCKETFUNCTION, sentence by sentence.
import { expect, test } from "vitest";
import { constants, Multi } from "../../mod.ts";
import {
  FIRST,
  LIFE,
  Loop,
  multiCode,
  POLL_IN,
  POLL_INOUT,
  POLL_OUT,
  POLL_REMOVE,
  pollSockets,
  SOCKET_TIMEOUT,
  Transfer,
} from "../handles/multi/support.ts";
import { useServer } from "../use.ts";
import { having, libcurl } from "../versions.ts";

const { announcesConnect: connect, abortsOnMinusOne: minusOne } = libcurl;

const server = useServer("http", "https");

test("socketAction() informs of socket updates by doing no, one or several calls", () => {
  using loop = new Loop();
  const calls: number[] = [];
  loop.act = (fd, mask) => {
    const before = loop.calls.length;
    const running = loop.multi.socketAction(fd, mask);
    calls.push(loop.calls.length - before);
    return running;
  };
  loop.add(...[1, 2, 3].map(() => new Transfer(server.url("/slow/3/20")))).run();
  expect(calls).toContain(0);
  expect(calls).toContain(1);
  expect(Math.max(...calls)).toBeGreaterThan(1);
});

test("the updates are changes since the previous call: the same word does not come twice", () => {
  using loop = new Loop();
  loop.add(...[1, 2, 3].map(() => new Transfer(server.url("/slow/10/5")))).run();
  for (const fd of new Set(loop.calls.map(({ fd }) => fd))) {
    expect(loop.whats(fd)).toEqual(LIFE);
  }
});

test("with the function set to null no callback is called, and the transfers go on", () => {
  using loop = new Loop();
  loop.multi.setOpt("SOCKETFUNCTION", null);
  const easy = new Transfer(server.url("/delay/20"));
  loop.add(easy);
  for (let i = 0; i < 500 && loop.multi.infoRead() === null; i++) {
    loop.multi.socketAll();
    pollSockets(new Map(), 2);
  }
  expect(easy.received).toBe(98);
  expect(loop.calls).toEqual([]);
});

test("set to null in mid-transfer, it is not called for the rest", () => {
  using loop = new Loop();
  loop.add(new Transfer(server.url("/hold"))).run(() => loop.calls.at(-1)?.what === POLL_IN);
  loop.multi.setOpt("SOCKETFUNCTION", null);
  loop.multi.close();
  expect(loop.calls.map(({ what }) => what)).toEqual(LIFE.slice(0, -1));
});

test("the application monitors the sockets and tells libcurl by socketAction(); without it nothing moves", () => {
  using loop = new Loop();
  const easy = new Transfer(server.url("/delay/200"), { HAPPY_EYEBALLS_TIMEOUT_MS: 4000 });
  loop.add(easy).run(() => loop.calls.at(-1)?.what === POLL_IN);
  const [ready] = pollSockets(loop.sockets, 2000);
  expect(pollSockets(loop.sockets, 0)).toEqual([ready]); // it stays readable
  expect(easy.received).toBe(0);
  loop.multi.socketAction(...ready!);
  expect(easy.received).toBe(98);
});

test("the callback may come at any time: in addHandle never, in socketAction, pause, removeHandle and close", () => {
  using loop = new Loop();
  const during: Record<string, number[]> = {};
  const note = (name: string, call: () => void) => {
    const before = loop.calls.length;
    call();
    during[name] = loop.calls.slice(before).map(({ what }) => what);
  };
  const hold = () => new Transfer(server.url("/hold"));
  const [removed, closed, left] = [hold(), hold(), hold()];
  let pauses = 1;
  const paused = new Transfer(server.url("/bytes/3000000"), {
    WRITEFUNCTION: (bytes) => pauses-- > 0 ? constants.CURL_WRITEFUNC_PAUSE : bytes.length,
  });
  note("add", () => loop.add(removed, closed, left, paused));
  note("action", () => loop.run(() => pauses === 0 && loop.sockets.size === 3));
  note("pause", () => paused.pause(constants.CURLPAUSE_CONT));
  loop.run(() => loop.resultOf(paused) === 0);
  note("remove", () => loop.multi.removeHandle(removed));
  note("easy close", () => closed.close());
  note("multi close", () => loop.multi.close());
  expect(during["add"]).toEqual([]);
  expect(during["action"]?.length).toBeGreaterThan(0);
  expect(during["pause"]).toEqual([POLL_IN]);
  expect(during["remove"]).toEqual([POLL_REMOVE]);
  expect(during["easy close"]).toEqual([POLL_REMOVE]);
  expect(during["multi close"]).toEqual([POLL_REMOVE]);
  left.close();
  removed.close();
  paused.close();
});

test("it may come after all transfers are done: at close() every socket still known is removed", () => {
  using loop = new Loop();
  loop.add(...[1, 2].map(() => new Transfer(server.url("/small", "https"), { SSL_VERIFYPEER: 0 })));
  loop.run();
  expect(loop.messages.map(({ result }) => result)).toEqual([0, 0]);
  loop[Symbol.dispose]();
  expect(loop.sockets.size).toBe(0);
});

test("easy identifies the transfer that the update is for", () => {
  using loop = new Loop();
  const easies = [1, 2, 3].map(() => new Transfer(server.url("/delay/200")));
  loop.add(...easies).run();
  for (const easy of easies) {
    const mine = loop.calls.filter((call) => call.easy === easy);
    expect(new Set(mine.map(({ fd }) => fd)).size).toBe(1);
  }
});

const doh = having("DOH_SSL_VERIFYPEER");
test.skipIf(!doh.holds)(
  `easy may be a handle internal to libcurl, which is null: here those of DNS-over-HTTPS${doh.note}`,
  () => {
    using loop = new Loop();
    const easy = new Transfer("http://doh.test/", {
      DOH_URL: server.url("/small", "https"),
      DOH_SSL_VERIFYPEER: false,
      DOH_SSL_VERIFYHOST: false,
    });
    loop.add(easy).run();
    expect(loop.resultOf(easy)).toBe(constants.CURLE_COULDNT_RESOLVE_HOST);
    expect(loop.calls.some((call) => call.easy === null && call.what === POLL_IN)).toBe(true);
  },
);

test("s is the socket, and what says which activity to monitor on it", () => {
  using loop: Loop = new Loop(({ fd, what }) => {
    // one may ask the system at once
    if (what !== POLL_REMOVE) expect(pollSockets(new Map([[fd, what]]), 0).length).toBeLessThan(2);
  });
  loop.add(new Transfer(server.url("/delay/20"))).run();
  expect(loop.messages[0]?.result).toBe(0);
});

test("a later call updates what for a socket that is monitored already", () => {
  using loop = new Loop();
  loop.add(
    new Transfer(server.url("/sink?hash=0"), {
      UPLOAD: true,
      INFILESIZE_LARGE: 8_000_000,
      READFUNCTION: (buffer) => buffer.length,
    }),
  ).run();
  const whats = loop.whats(loop.calls[0]!.fd);
  if (connect.holds) expect(whats[0]).toBe(POLL_OUT); // to connect
  expect(whats).toContain(POLL_INOUT); // to send, and for an early answer
  expect(whats.at(-1)).toBe(POLL_REMOVE);
});

test.skipIf(!minusOne.holds)(
  `0 is success; -1 is an error, and all transfers in progress are aborted and fail${minusOne.note}`,
  () => {
    let fail = false;
    using loop = new Loop(() => fail ? -1 : 0);
    const easies = ["/hold", "/hold", "/delay/50"].map((path) => new Transfer(server.url(path)));
    loop.add(...easies).run(() => loop.calls.length >= 6);
    fail = true;
    expect(multiCode(() => loop.run())).toBe(constants.CURLM_ABORTED_BY_CALLBACK);
    fail = false;
    loop.multi.socketAll();
    loop.messages.push(...loop.multi.messages());
    const results = easies.map((easy) => loop.resultOf(easy));
    expect(results.slice(0, 2)).toEqual([42, 42]); // CURLE_ABORTED_BY_CALLBACK
    expect([0, 42]).toContain(results[2]); // its last byte was what the callback was called for
  },
);

test("clientp is SOCKETDATA, socketp what assign() was given or undefined", () => {
  using loop: Loop = new Loop(({ fd, what }) => {
    if (what === FIRST) loop.multi.assign(fd, "socketp");
  });
  loop.multi.setOpt("SOCKETDATA", "clientp");
  loop.add(new Transfer(server.url("/slow/5/20"))).run();
  expect(loop.calls.map(({ clientData, socketData }) => [clientData, socketData])).toEqual(
    LIFE.map((what) => ["clientp", what === FIRST ? undefined : "socketp"]),
  );
});

test.skipIf(!connect.holds)(
  `IN is told when libcurl waits for a readable, OUT for a writable socket${connect.note}`,
  () => {
    using loop = new Loop();
    loop.add(new Transfer(server.url("/delay/100"))).run(() => loop.calls.length === 1);
    const [fd] = loop.sockets.keys();
    expect(loop.sockets.get(fd!)).toBe(POLL_OUT);
    expect(pollSockets(loop.sockets, 1000)).toEqual([[fd, constants.CURL_CSELECT_OUT]]);
    loop.run(() => loop.calls.length === 2);
    expect(loop.sockets.get(fd!)).toBe(POLL_IN);
    expect(pollSockets(loop.sockets, 0)).toEqual([]);
    expect(pollSockets(loop.sockets, 1000)).toEqual([[fd, constants.CURL_CSELECT_IN]]);
  },
);

test("after REMOVE the socket is used by no transfer, and it may soon be added again", () => {
  using loop = new Loop();
  for (let i = 0; i < 2; i++) {
    const easy = new Transfer(server.url("/delay/250"));
    loop.add(easy).run(() => loop.resultOf(easy) === 0);
    loop.multi.removeHandle(easy);
    easy.close();
  }
  const { fd } = loop.calls[0]!;
  expect(loop.whats(fd)).toEqual([...LIFE, POLL_IN, POLL_REMOVE]);
});

test("the default is no callback, and setting one succeeds", () => {
  using multi = new Multi();
  using easy = new Transfer(server.url("/delay/20"));
  multi.addHandle(easy);
  multi.socketAction(SOCKET_TIMEOUT, 0);
  expect(multi.setOpt("SOCKETFUNCTION", () => 0)).toBeUndefined();
});
