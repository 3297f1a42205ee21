import { expect, test } from "vitest";
import { constants, CurlEasyError, CurlMultiError, type Multi } from "../../../mod.ts";
import { Loop, multiCode, POLL_REMOVE, SOCKET_TIMEOUT, Transfer, versionNum } from "./support.ts";
import { useServer } from "../../use.ts";

const server = useServer("http");

type Calls = Record<string, () => unknown>;

/** What libcurl forbids inside a callback. */
function forbidden(loop: Loop, added: Transfer, spare: Transfer): Calls {
  const { multi } = loop;
  return {
    addHandle: () => multi.addHandle(spare),
    removeHandle: () => multi.removeHandle(added),
    socketAction: () => multi.socketAction(SOCKET_TIMEOUT, 0),
    socket: () => multi.socket(SOCKET_TIMEOUT),
    socketAll: () => multi.socketAll(),
    perform: () => multi.perform(),
    poll: () => multi.poll([], 1000),
    wait: () => multi.wait([], 1000),
    close: () => multi.close(),
    setOpt: () => multi.setOpt("MAXCONNECTS", 3),
    "setOpt function": () => multi.setOpt("TIMERFUNCTION", null),
    "setOpt data": () => multi.setOpt("SOCKETDATA", 1),
    dispose: () => multi[Symbol.dispose](),
    "easy.perform": () => added.perform(),
    "easy.reset": () => added.reset(),
    "easy.close": () => added.close(),
    "easy.upkeep": () => added.upkeep(),
    "easy.recv": () => added.recv(new Uint8Array(8)),
    "easy.send": () => added.send(new Uint8Array(8)),
  };
}

/** The code that each call throws, by its name. */
function codes(calls: Calls): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [name, call] of Object.entries(calls)) {
    found[name] = 0;
    try {
      call();
    } catch (error) {
      const ofEasy = name.startsWith("easy.");
      expect(error).toBeInstanceOf(ofEasy ? CurlEasyError : CurlMultiError);
      found[name] = (error as CurlMultiError).code;
    }
  }
  return found;
}

const { CURLM_RECURSIVE_API_CALL, CURLE_RECURSIVE_API_CALL } = constants;

/** Runs two transfers; every callback of that kind tries all that is forbidden. */
function tryIn(kind: "socket" | "timer" | "write" | "header" | "progress"): void {
  const seen: Record<string, number>[] = [];
  let ready = false;
  const attempt = (at: typeof kind) => {
    if (at === kind && ready && seen.length < 20) seen.push(codes(forbidden(loop, added, spare)));
  };
  using loop: Loop = new Loop(() => attempt("socket"), () => attempt("timer"));
  const added: Transfer = new Transfer(server.url("/slow/3/20"), {
    NOPROGRESS: false,
    HEADERFUNCTION: (bytes) => (attempt("header"), bytes.length),
    WRITEFUNCTION: (bytes) => (attempt("write"), bytes.length),
    XFERINFOFUNCTION: () => attempt("progress"),
  });
  const other = new Transfer(server.url("/delay/60"));
  using spare = new Transfer(server.url("/delay/20"));
  ready = true;
  loop.add(added, other).run();
  expect(seen.length).toBeGreaterThan(0);
  for (const found of seen) {
    for (const [name, code] of Object.entries(found)) {
      const wanted = name.startsWith("easy.") ? CURLE_RECURSIVE_API_CALL : CURLM_RECURSIVE_API_CALL;
      // before addHandle has returned, the easy's own calls are refused all the same
      expect([name, code]).toEqual([name, wanted]);
    }
  }
  expect([loop.resultOf(added), loop.resultOf(other)]).toEqual([0, 0]);
  expect(loop.multi.closed).toBe(false);
  spare.perform();
}

test.each(["socket", "timer", "write", "header", "progress"] as const)(
  "inside a %s callback every forbidden call throws RECURSIVE_API_CALL at once, and the transfers end well",
  tryIn,
);

test.skipIf(versionNum < 0x075200)(
  "inside a callback libcurl itself refuses timeout() and fdset() (libcurl 7.82 on)",
  () => {
    const seen: number[] = [];
    using loop: Loop = new Loop(() => {
      seen.push(multiCode(() => loop.multi.timeout()), multiCode(() => loop.multi.fdset()));
    });
    loop.add(new Transfer(server.url("/delay/20"))).run();
    expect(new Set(seen)).toEqual(new Set([CURLM_RECURSIVE_API_CALL]));
  },
);

test("a forbidden call that the callback does not catch counts as -1, and is the cause", () => {
  using loop: Loop = new Loop(undefined, (multi) => void multi.socketAction(SOCKET_TIMEOUT, 0));
  const easy = new Transfer(server.url("/delay/20"));
  try {
    loop.add(easy);
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code: constants.CURLM_ABORTED_BY_CALLBACK });
    expect((error as Error).cause).toMatchObject({ code: CURLM_RECURSIVE_API_CALL });
  }
  loop.multi.setOpt("TIMERFUNCTION", null);
});

test("inside a callback these calls work: assign, wakeup, getHandles, infoRead, and reading an easy", () => {
  let calls = 0;
  const tryAll = (multi: Multi) => {
    calls++;
    multi.wakeup();
    multi.infoRead();
    expect(multi.getHandles()).toEqual([easy]);
    expect(multi.closed).toBe(false);
    expect(easy.getInfo("RESPONSE_CODE")).toBeTypeOf("number");
    easy.setOpt("PRIVATE", calls);
  };
  using loop: Loop = new Loop(
    ({ fd }) => {
      loop.multi.assign(fd, calls);
      tryAll(loop.multi);
    },
    (multi) => {
      if (multi.getHandles().length > 0) tryAll(multi);
    },
  );
  const easy: Transfer = new Transfer(server.url("/delay/200"), {
    WRITEFUNCTION: (bytes) => {
      tryAll(loop.multi);
      return bytes.length;
    },
  });
  loop.add(easy).run(() => loop.sockets.size === 0 && easy.getInfo("SIZE_DOWNLOAD_T") === 98);
  expect(calls).toBeGreaterThan(3);
});

test("a call inside a callback does not take what another callback threw before", () => {
  const thrown = new Error("the first one's");
  let removed = 0;
  const loop: Loop = new Loop(({ what }) => {
    if (what !== POLL_REMOVE) return;
    loop.multi.wakeup(); // succeeds, so it must not throw
    if (++removed === 1) throw thrown;
  });
  const easies = [1, 2, 3].map(() => new Transfer(server.url("/hold")));
  loop.add(...easies).run(() => loop.sockets.size === 3);
  expect(() => loop.multi.close()).toThrow(expect.objectContaining({ cause: thrown }));
  expect(removed).toBe(3);
  for (const easy of easies) easy.close();
});

test("another multi may be driven inside a callback, and both end well", () => {
  using inner = new Loop();
  const innerEasies: Transfer[] = [];
  const counts: number[] = [];
  using loop: Loop = new Loop(({ what }) => {
    if (what !== constants.CURL_POLL_IN) return;
    const easy = new Transfer(server.url("/delay/20"));
    innerEasies.push(easy);
    inner.add(easy).run();
  });
  loop.act = (fd, mask) => {
    counts.push(loop.multi.socketAction(fd, mask));
    return counts.at(-1)!;
  };
  const easies = [10, 60].map((ms) => new Transfer(server.url(`/delay/${ms}`)));
  loop.add(...easies).run();
  expect([...new Set(counts)]).toEqual([2, 1, 0]);
  expect(innerEasies.map((easy) => inner.resultOf(easy))).toEqual([0, 0]);
});

test("an easy outside of a multi may perform inside a callback of a multi", () => {
  using alone = new Transfer(server.url("/delay/20"));
  using loop: Loop = new Loop(({ what }) => {
    if (what === POLL_REMOVE) alone.perform();
  });
  loop.add(new Transfer(server.url("/delay/20"))).run();
  expect(alone.received).toBe(98);
});
