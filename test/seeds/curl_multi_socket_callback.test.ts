// The promises of curl's page curl_multi_socket as it was in 2006, "Callback details".
import { existsSync, readlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { constants, Multi } from "../../mod.ts";
import { FIRST, LIFE, Loop, POLL_REMOVE, Transfer } from "../handles/multi/support.ts";
import { useServer } from "../use.ts";
import { Wakeups } from "../versions.ts";

const server = useServer("http", "ftp");

/** A loop that knows no socketAction(). */
function oldLoop(): Loop {
  const loop = new Loop();
  loop.act = (fd) => loop.multi.socket(fd);
  return loop;
}

test("the callback gets the easy handle, the socket, the action, userp and socketp, in that order", () => {
  using multi = new Multi();
  const userp = { user: 1 }, socketp = { socket: 1 };
  const seen: unknown[][] = [], wakeups = new Wakeups();
  multi.setOpt("SOCKETDATA", userp);
  multi.setOpt("SOCKETFUNCTION", (...args) => {
    if (wakeups.takes(args[1], args[2])) return;
    if (seen.push(args) === 1) multi.assign(args[1], socketp);
  });
  const easy = new Transfer(server.url("/hold"));
  multi.addHandle(easy);
  multi.socketAll();
  multi.removeHandle(easy);
  const fd = seen[0]![1];
  expect(seen[0]).toEqual([easy, fd, FIRST, userp, undefined]);
  // from libcurl 8.13 on REMOVE may come with a handle of libcurl's own
  expect([easy, null]).toContain(seen.at(-1)![0]);
  expect(seen.at(-1)!.slice(1)).toEqual([fd, POLL_REMOVE, userp, socketp]);
  expect(seen.at(-1)![3]).toBe(userp);
  expect(seen.at(-1)![4]).toBe(socketp);
  easy.close();
});

test("the callback must return 0, and returning nothing is the same", () => {
  for (const answer of [0, undefined]) {
    using loop = new Loop(() => answer, () => answer);
    const easy = new Transfer(server.url("/delay/20"));
    loop.add(easy).run();
    expect(loop.resultOf(easy)).toBe(0);
  }
});

test("a single handle may work with several sockets at the same time", () => {
  let most = 0;
  using loop: Loop = new Loop(({ easy }) => {
    expect(easy).toBe(ftp);
    most = Math.max(most, loop.sockets.size);
  });
  const ftp = new Transfer(server.url("/hello.txt", "ftp"));
  loop.add(ftp).run();
  expect(loop.resultOf(ftp)).toBe(0);
  expect(most).toBe(2); // control and data
});

test.skipIf(!existsSync("/proc/self/fd"))(
  "s is the socket as the system knows it (seen in /proc, so on Linux)",
  () => {
    using loop = oldLoop();
    loop.add(new Transfer(server.url("/hold"))).multi.socketAll();
    const [fd] = loop.sockets.keys();
    expect(readlinkSync(`/proc/self/fd/${fd}`)).toMatch(/^socket:/);
  },
);

test("the actions are 0 to 4; IN, OUT, INOUT and REMOVE come, NONE cannot be provoked", () => {
  const { CURL_POLL_NONE, CURL_POLL_IN, CURL_POLL_OUT, CURL_POLL_INOUT, CURL_POLL_REMOVE } =
    constants;
  expect([CURL_POLL_NONE, CURL_POLL_IN, CURL_POLL_OUT, CURL_POLL_INOUT, CURL_POLL_REMOVE])
    .toEqual([0, 1, 2, 3, 4]);
  using loop = oldLoop();
  const upload = new Transfer(server.url("/sink?hash=0"), {
    UPLOAD: true,
    INFILESIZE_LARGE: 8_000_000,
    READFUNCTION: (buffer) => buffer.length,
  });
  loop.add(upload, new Transfer(server.url("/delay/200"))).run();
  expect(new Set(loop.calls.map(({ what }) => what))).toEqual(new Set([...LIFE, 1, 3, 4]));
});

test("socketp is what assign() was given, and undefined where there was none", () => {
  const value = { own: "struct" };
  using loop: Loop = new Loop(({ fd, what }) => {
    if (what === FIRST) loop.multi.assign(fd, value);
  });
  loop.add(new Transfer(server.url("/delay/50"))).run();
  expect(loop.calls.map(({ socketData }) => socketData)).toEqual(
    LIFE.map((what) => what === FIRST ? undefined : value),
  );
});
