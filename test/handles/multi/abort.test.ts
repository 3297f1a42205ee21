// A callback that returns -1, throws, or returns nonsense.
import { describe, expect, test } from "vitest";
import { constants, CurlMultiError, type Message, Multi } from "../../../mod.ts";
import { easyCount } from "../../../src/handles/core/easy_state.ts";
import { multiCount } from "../../../src/handles/multi/multi.ts";
import { LIFE, Loop, multiCode, multiError, POLL_REMOVE, Transfer } from "./support.ts";
import { failure } from "../easy_support.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";

const { CURLM_ABORTED_BY_CALLBACK, CURLE_ABORTED_BY_CALLBACK } = constants;

const server = useServer("http");

const minusOne = libcurl.abortsOnMinusOne;

interface Outcome {
  /** What a call of the multi threw. */
  thrown: CurlMultiError | null;
  /** How the transfer ended, `undefined` where it never began. */
  result: number | undefined;
}

/** curl's own test program lib530: `fail` decides on each callback's n-th call. */
function lib530(fail: (kind: "socket" | "timer", n: number) => number | void): Outcome {
  let sockets = 0, timers = 0;
  const loop = new Loop(() => fail("socket", ++sockets), () => fail("timer", ++timers));
  const easy = new Transfer(server.url("/slow/3/20"));
  const outcome: Outcome = { thrown: null, result: undefined };
  try {
    loop.add(easy).run();
  } catch (error) {
    outcome.thrown = error as CurlMultiError;
    expect(error).toBeInstanceOf(CurlMultiError);
    // what is left fails as soon as something runs it
    for (let i = 0; i < 3 && loop.multi.getHandles().length > 0; i++) {
      try {
        loop.multi.socketAll();
      } catch {
        // libcurl says so again
      }
      loop.messages.push(...loop.multi.messages());
    }
  }
  outcome.result = loop.resultOf(easy);
  try {
    loop.multi.close();
  } catch {
    // the callback may fail in there once more
  }
  expect(loop.multi.closed).toBe(true);
  easy.perform(); // it is as good as new
  expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
  easy.close();
  return outcome;
}

describe("curl's lib530", () => {
  test("with no failing callback the transfer succeeds", () => {
    expect(lib530(() => 0)).toEqual({ thrown: null, result: 0 });
  });

  const table = [["timer", 1], ["timer", 2], ["socket", 1], ["socket", 2], ["socket", 3]] as const;
  test.skipIf(!minusOne.holds).each(table)(
    `-1 from the %s callback at call %i: the transfer fails, cleanup is clean${minusOne.note}`,
    (kind, at) => {
      const open = [easyCount.open, multiCount.open];
      const { thrown, result } = lib530((which, n) => which === kind && n === at ? -1 : 0);
      // the third socket call is REMOVE at the end: some releases have the message by then
      if (kind === "socket" && at === 3) expect([0, CURLE_ABORTED_BY_CALLBACK]).toContain(result);
      else {
        expect(thrown?.code).toBe(CURLM_ABORTED_BY_CALLBACK);
        expect(thrown?.cause).toBeUndefined();
        // where addHandle failed there is no transfer
        expect(result).toBe(kind === "timer" && at === 1 ? undefined : CURLE_ABORTED_BY_CALLBACK);
      }
      expect([easyCount.open, multiCount.open]).toEqual(open);
    },
  );

  test.each(table.slice(0, LIFE.length + 2))(
    "a throw in the %s callback at call %i is the same, and the cause",
    (kind, at) => {
      const mine = new Error(`${kind} ${at}`);
      const { thrown } = lib530((which, n) => {
        if (which === kind && n === at) throw mine;
      });
      expect(thrown?.code).toBe(CURLM_ABORTED_BY_CALLBACK);
      expect(thrown?.cause).toBe(mine);
    },
  );
});

test("-1 from the timer callback in addHandle(): the easy is not added, and both can be used again", () => {
  let fail = true;
  using loop = new Loop(undefined, () => fail ? -1 : 0);
  const easy = new Transfer(server.url("/delay/20"));
  expect(multiCode(() => loop.add(easy))).toBe(CURLM_ABORTED_BY_CALLBACK);
  expect(loop.multi.getHandles()).toEqual([]);
  fail = false;
  loop.add(easy).run();
  expect(loop.resultOf(easy)).toBe(0);
});

test.skipIf(!minusOne.holds)(
  `-1 from the timer callback in addHandle() loses none of the other transfers${minusOne.note}`,
  () => {
    let fail = false;
    using loop = new Loop(undefined, () => fail ? -1 : 0);
    const others = [1, 2, 3].map(() => new Transfer(server.url("/hold")));
    loop.add(...others).run(() => loop.calls.length >= 6);
    fail = true;
    for (let i = 0; i < 3; i++) {
      expect(multiCode(() => loop.add(new Transfer(server.url("/delay/20"))))).toBe(11);
    }
    fail = false;
    expect(new Set(loop.multi.getHandles())).toEqual(new Set(others));
    loop.multi.socketAll();
    const messages = [...loop.multi.messages()];
    expect(new Set(messages.map(({ easy }) => easy))).toEqual(new Set(others));
    expect(messages.map(({ result }) => result)).toEqual([42, 42, 42]);
    for (const easy of others) loop.multi.removeHandle(easy);
    const after = new Transfer(server.url("/delay/20"));
    loop.add(after);
    expect(loop.multi.socketAll()).toBe(1);
    loop.run(() => loop.resultOf(after) === 0);
  },
);

test.skipIf(!minusOne.holds)(
  `-1 aborts every transfer of the multi, and those of another multi go on${minusOne.note}`,
  () => {
    let fail = false;
    using loop = new Loop(() => fail ? -1 : 0), other = new Loop();
    const easies = Array.from({ length: 5 }, () => new Transfer(server.url("/slow/100/20")));
    const safe = new Transfer(server.url("/slow/10/20"));
    other.add(safe);
    loop.add(...easies).run(() => easies.every(({ received }) => received > 0));
    fail = true;
    expect(multiCode(() => {
      loop.add(new Transfer(server.url("/delay/20"))).run();
    })).toBe(CURLM_ABORTED_BY_CALLBACK);
    fail = false;
    loop.multi.socketAll();
    const messages: Message[] = [...loop.messages, ...loop.multi.messages()];
    expect(messages).toHaveLength(6);
    for (const { result, error } of messages) {
      expect(result).toBe(CURLE_ABORTED_BY_CALLBACK);
      expect(error?.codeName).toBe("CURLE_ABORTED_BY_CALLBACK");
    }
    other.run();
    expect(other.resultOf(safe)).toBe(0);
  },
);

test.skipIf(!minusOne.holds)(
  `a dead multi refuses new transfers, has timeout 0, and revives when all are removed${minusOne.note}`,
  () => {
    let fail = false;
    using loop = new Loop(() => fail ? -1 : 0);
    const first = new Transfer(server.url("/hold")), second = new Transfer(server.url("/hold"));
    const late = new Transfer(server.url("/delay/20"));
    loop.add(first).run(() => loop.calls.length === 2);
    loop.add(second);
    fail = true;
    expect(multiCode(() => loop.run())).toBe(CURLM_ABORTED_BY_CALLBACK);
    fail = false;
    expect(loop.multi.timeout()).toBe(0);
    expect(multiCode(() => loop.add(late))).toBe(CURLM_ABORTED_BY_CALLBACK);
    expect(loop.multi.getHandles()).not.toContain(late);
    loop.multi.removeHandle(first);
    loop.multi.removeHandle(second);
    loop.add(late).run(() => loop.resultOf(late) !== undefined);
    expect(loop.resultOf(late)).toBe(0);
  },
);

const NONSENSE = [Promise.resolve(0), NaN, 1.5, "0", "", null, {}, [], true, 0n, Infinity, 2 ** 40];

test("a result that is no integer counts as -1, with a TypeError as the cause", () => {
  for (const answer of NONSENSE) {
    for (const kind of ["socket", "timer"] as const) {
      const { thrown, result } = lib530((which) => which === kind ? answer as number : 0);
      expect(thrown?.code).toBe(CURLM_ABORTED_BY_CALLBACK);
      expect(thrown?.cause).toBeInstanceOf(TypeError);
      expect((thrown?.cause as Error).message).toContain("expected an integer");
      expect([undefined, CURLE_ABORTED_BY_CALLBACK]).toContain(result);
    }
  }
});

test("any integer but -1 is ignored, as libcurl does", () => {
  for (const answer of [0, 1, 2, 7, -2, 42, 0x7fffffff, undefined]) {
    expect(lib530(() => answer)).toEqual({ thrown: null, result: 0 });
  }
});

test("anything can be thrown, and the first throw counts", () => {
  for (const mine of ["text", 0, null, undefined, Symbol("s"), { code: 1 }]) {
    using multi = new Multi();
    multi.setOpt("TIMERFUNCTION", () => {
      throw mine;
    });
    using easy = new Transfer(server.url("/delay/20"));
    const error = multiError(() => multi.addHandle(easy));
    expect(error.cause).toBe(mine);
    expect("cause" in error).toBe(true);
    multi.setOpt("TIMERFUNCTION", null);
  }
  let count = 0;
  using loop = new Loop(({ what }) => {
    if (what !== POLL_REMOVE) throw new Error(`throw ${++count}`);
  });
  // a quick answer may be there before libcurl waits for a socket
  loop.add(...[1, 2, 3].map(() => new Transfer(server.url("/delay/50"))));
  expect(() => loop.run()).toThrow(expect.objectContaining({ cause: new Error("throw 1") }));
});

test.skipIf(!minusOne.holds)(
  `what was thrown is reported once, by the call in progress${minusOne.note}`,
  () => {
    let fail = true;
    using loop = new Loop(({ what }) => {
      if (fail && what !== POLL_REMOVE) throw new Error("once");
    });
    loop.add(new Transfer(server.url("/delay/20")));
    expect(multiError(() => loop.run()).cause).toEqual(new Error("once"));
    fail = false;
    expect(loop.multi.socketAll()).toBe(0);
    expect([...loop.multi.messages()].map(({ result, error }) => [result, error?.cause])).toEqual([
      [CURLE_ABORTED_BY_CALLBACK, undefined],
    ]);
  },
);

test("-1 while another transfer has no connection yet ends that one too, without a crash", () => {
  using multi = new Multi();
  let fail = true;
  // a descriptor of libcurl's own is told of without a handle, and in addHandle() already
  multi.setOpt("SOCKETFUNCTION", (easy) => fail && easy ? -1 : 0);
  // more transfers than connections: the others wait for one
  multi.setOpt("MAX_TOTAL_CONNECTIONS", 1);
  const easies = [1, 2, 3].map(() => new Transfer(server.url("/hold")));
  for (const easy of easies) multi.addHandle(easy);
  expect(multiCode(() => {
    for (let i = 0; i < 200; i++) multi.socketAll();
  })).toBe(CURLM_ABORTED_BY_CALLBACK);
  expect(multi.timeout()).toBe(0);
  fail = false;
  expect(multi.perform()).toBe(0);
  const messages = [...multi.messages()];
  expect(messages.map(({ result }) => result)).toEqual(easies.map(() => CURLE_ABORTED_BY_CALLBACK));
  expect([...multi.messages()]).toEqual([]);
  expect(new Set(multi.getHandles())).toEqual(new Set(easies));
  for (const easy of easies) multi.removeHandle(easy);
  const late = new Transfer(server.url("/delay/20"));
  multi.addHandle(late);
  for (let i = 0; i < 500 && multi.perform() > 0; i++) multi.poll([], 20);
  expect([...multi.messages()].map(({ result }) => result)).toEqual([0]);
  for (const easy of [...easies, late]) easy.close();
});

test("the message of an aborted transfer goes with its handle, also if that is added again", () => {
  using multi = new Multi();
  let fail = true;
  multi.setOpt("SOCKETFUNCTION", (easy) => fail && easy ? -1 : 0);
  const easies = [1, 2, 3, 4].map(() => new Transfer(server.url("/delay/20")));
  const [first, second, third, last] = easies as [Transfer, Transfer, Transfer, Transfer];
  for (const easy of easies) multi.addHandle(easy);
  expect(multiCode(() => {
    for (let i = 0; i < 200; i++) multi.socketAll();
  })).toBe(CURLM_ABORTED_BY_CALLBACK);
  fail = false;
  expect(multi.perform()).toBe(0);
  // the oldest message, one in the middle that comes back, and the newest
  for (const easy of [last, second, first]) multi.removeHandle(easy);
  multi.addHandle(second);
  expect([...multi.messages()].map(({ easy, result }) => [easy, result])).toEqual([
    [third, CURLE_ABORTED_BY_CALLBACK],
  ]);
  for (let i = 0; i < 500 && multi.perform() > 0; i++) multi.poll([], 20);
  expect([...multi.messages()].map(({ easy, result }) => [easy, result])).toEqual([[second, 0]]);
  for (const easy of easies) easy.close();
});

test.each([
  ["returns -1", undefined],
  ["throws", new Error("mine")],
])("a timer callback that %s while a transfer is unpaused fails that pause()", (_, mine) => {
  let fail = false;
  using loop = new Loop(undefined, () => {
    if (fail && mine) throw mine;
    return fail ? -1 : 0;
  });
  using easy = new Transfer(server.url("/hold"));
  loop.add(easy).run(() => loop.calls.length > 0);
  easy.pause(constants.CURLPAUSE_ALL);
  fail = true;
  const error = failure(() => easy.pause(constants.CURLPAUSE_CONT));
  expect(error.codeName).toBe("CURLE_ABORTED_BY_CALLBACK");
  expect(error.cause).toBe(mine);
  fail = false;
  loop.multi.setOpt("MAXCONNECTS", 5); // no other call hears of it
  loop.multi.socketAll();
  expect([...loop.multi.messages()].map(({ result }) => result)).toEqual([
    CURLE_ABORTED_BY_CALLBACK,
  ]);
  loop.multi.removeHandle(easy);
});
