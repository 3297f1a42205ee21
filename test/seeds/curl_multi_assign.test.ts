// The promises of curl's page curl_multi_assign, sentence by sentence.
import { expect, test } from "vitest";
import { constants, Multi } from "../../mod.ts";
import {
  FIRST,
  LIFE,
  Loop,
  multiCode,
  multiError,
  POLL_IN,
  POLL_OUT,
  POLL_REMOVE,
  Transfer,
} from "../handles/multi/support.ts";
import { useServer } from "../use.ts";
import { libcurl } from "../versions.ts";

const server = useServer("http");

test("an association is made between a socket and a private value of the application", () => {
  for (const value of [{ own: 1 }, 0, "", null, false, NaN, 1n, Symbol("s"), () => 1, [1]]) {
    using loop: Loop = new Loop(({ fd, what }) => {
      if (what === FIRST) loop.multi.assign(fd, value);
    });
    loop.add(new Transfer(server.url("/delay/5"))).run();
    expect(loop.calls.at(-1)?.socketData).toBe(value);
  }
});

test("the value is passed to all future socket callbacks for that socket, and to no other", () => {
  using loop: Loop = new Loop(({ fd, easy, what }) => {
    if (what === FIRST && easy === easies[0]) loop.multi.assign(fd, "first");
  });
  const easies = [1, 2].map(() => new Transfer(server.url("/slow/5/20")));
  loop.add(...easies).run();
  const seen = easies.map((easy) =>
    loop.calls.filter((call) => call.easy === easy).map(({ what, socketData }) => [
      what,
      socketData,
    ])
  );
  expect(seen[0]).toEqual(LIFE.map((what) => [what, what === FIRST ? undefined : "first"]));
  expect(seen[1]).toEqual(LIFE.map((what) => [what, undefined]));
});

test("a socket that libcurl does not use gives an error, CURLM_BAD_SOCKET", () => {
  using multi = new Multi();
  for (const fd of [0, 1, 4, 1000, -1, 0x7fffffff, -0x80000000]) {
    const { code, codeName } = multiError(() => multi.assign(fd, "value"));
    expect({ code, codeName }).toEqual({ code: 5, codeName: "CURLM_BAD_SOCKET" });
    expect(multiCode(() => multi.assign(fd, undefined))).toBe(constants.CURLM_BAD_SOCKET);
  }
});

test("a socket that libcurl used before, but not now, gives that error too", () => {
  using loop = new Loop();
  loop.add(new Transfer(server.url("/delay/50"))).run();
  const { fd } = loop.calls[0]!;
  expect(multiCode(() => loop.multi.assign(fd, "late"))).toBe(constants.CURLM_BAD_SOCKET);
});

test("a socket of another multi handle gives that error too", () => {
  using one = new Loop(), other = new Multi();
  one.add(new Transfer(server.url("/hold"))).run(() => one.sockets.size === 1);
  const [fd] = one.sockets.keys();
  expect(multiCode(() => other.assign(fd!, "theirs"))).toBe(constants.CURLM_BAD_SOCKET);
  one.multi.assign(fd!, "ours");
});

test("of several values for one socket the last one set is used", () => {
  using loop: Loop = new Loop(({ fd, what }) => {
    if (what === FIRST) { for (const value of ["a", "b", "c"]) loop.multi.assign(fd, value); }
  });
  loop.add(new Transfer(server.url("/slow/5/20"))).run();
  expect(loop.calls.map(({ socketData }) => socketData)).toEqual(
    LIFE.map((what) => what === FIRST ? undefined : "c"),
  );
});

test("a value may be replaced between the callbacks, outside of them", () => {
  using loop = new Loop();
  loop.add(new Transfer(server.url("/hold"))).run(() => loop.calls.at(-1)?.what === POLL_IN);
  const { fd } = loop.calls[0]!;
  loop.multi.assign(fd, "first");
  loop.multi.assign(fd, "second");
  loop.multi.close();
  expect(loop.calls.at(-1)).toMatchObject({ fd, what: POLL_REMOVE, socketData: "second" });
});

const inCallbacks = libcurl.assignInCallbacks;
test.skipIf(!inCallbacks.holds)(
  `it is acceptable to call assign() from the socket, the timer and the easy callbacks${inCallbacks.note}`,
  () => {
    const seen: string[] = [];
    let fd = -1;
    using loop: Loop = new Loop(
      (call) => {
        fd = call.fd;
        seen.push(`${call.what}:${call.socketData}`);
        loop.multi.assign(fd, `socket ${call.what}`);
      },
      (multi) => {
        if (fd >= 0 && loop.sockets.has(fd)) multi.assign(fd, "timer");
      },
    );
    const easy = new Transfer(server.url("/slow/3/30"), {
      HAPPY_EYEBALLS_TIMEOUT_MS: 10,
      WRITEFUNCTION: (bytes) => {
        loop.multi.assign(fd, "write");
        return bytes.length;
      },
    });
    loop.add(easy).run();
    expect(loop.resultOf(easy)).toBe(0);
    expect(seen[0]).toBe(`${FIRST}:undefined`);
    if (FIRST === POLL_OUT) expect(seen[1]).toMatch(/^1:(timer|socket 2)$/);
    expect(seen.at(-1)).toMatch(/^4:(write|timer)$/);
  },
);

test("typical usage: a struct for each socket, and no search for it in later callbacks", () => {
  interface Watch {
    readonly fd: number;
    readonly history: number[];
  }
  const closed: Watch[] = [];
  using loop: Loop = new Loop(({ fd, what, socketData }) => {
    let watch = socketData as Watch | undefined;
    if (watch === undefined) {
      watch = { fd, history: [] };
      loop.multi.assign(fd, watch);
    }
    watch.history.push(what);
    if (what === POLL_REMOVE) closed.push(watch);
  });
  const easies = Array.from({ length: 20 }, () => new Transfer(server.url("/slow/5/20")));
  loop.add(...easies).run();
  expect(new Set(closed.map(({ fd }) => fd)).size).toBe(20);
  for (const { fd, history } of closed) {
    expect(history).toEqual(LIFE);
    expect(loop.whats(fd)).toEqual(history);
  }
});

test("the errors are the standard CURLM codes of the multi interface", () => {
  const multi = new Multi();
  expect(multiError(() => multi.assign(3, 1)).message).toBe("Invalid socket argument");
  multi.close();
  expect(multiError(() => multi.assign(3, 1)).codeName).toBe("CURLM_BAD_HANDLE");
});
