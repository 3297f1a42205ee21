// close(), using, and what callbacks do meanwhile.
import { expect, test } from "vitest";
import { live } from "../../../ffi/memory.ts";
import { easyCount } from "../../../src/handles/core/easy_state.ts";
import { multiCount } from "../../../src/handles/multi/multi.ts";
import { CurlMultiError, Multi } from "../../../mod.ts";
import {
  FIRST,
  LIFE,
  Loop,
  multiError,
  POLL_REMOVE,
  type SocketCall,
  Transfer,
} from "./support.ts";
import { useServer } from "../../use.ts";

const server = useServer("http");

/** A loop with transfers that wait for ever, each on its socket. */
function waiting(
  count: number,
  onSocket: (call: SocketCall, loop: Loop) => number | void = () => {},
): [Loop, Transfer[]] {
  const loop: Loop = new Loop((call) => onSocket(call, loop));
  const easies = Array.from({ length: count }, () => new Transfer(server.url("/hold")));
  loop.add(...easies).run(
    () => loop.calls.length >= (LIFE.length - 1) * count,
  );
  return [loop, easies];
}

/** Proves that an easy is free and works. */
function reuse(easy: Transfer): void {
  const before = easy.received;
  easy.setOpt("URL", server.url("/delay/20"));
  easy.perform();
  expect(easy.received).toBe(before + 98);
}

test("close() with transfers in flight removes them; the easies stay open and usable", () => {
  const [loop, easies] = waiting(5);
  loop.multi.close();
  expect(loop.multi.closed).toBe(true);
  expect(loop.sockets.size).toBe(0);
  for (const easy of easies) {
    expect(easy.closed).toBe(false);
    reuse(easy);
    easy.close();
  }
});

test("an easy of a closed multi can be added to another one", () => {
  const [loop, [easy]] = waiting(1);
  loop.multi.close();
  using other = new Loop();
  easy!.setOpt("URL", server.url("/delay/20"));
  other.add(easy!).run();
  expect(other.resultOf(easy!)).toBe(0);
});

test("close() twice does nothing the second time", () => {
  const multi = new Multi();
  multi.close();
  multi.close();
  multi[Symbol.dispose]();
  expect(multi.closed).toBe(true);
});

test("using closes at the end of the block, also where it is left by a throw", () => {
  let kept: Multi | undefined;
  expect(() => {
    using multi = new Multi();
    kept = multi;
    throw new Error("out");
  }).toThrow("out");
  expect(kept?.closed).toBe(true);
});

test("easies may be closed before or after their multi, in any order", () => {
  for (const order of ["easies first", "multi first", "mixed"]) {
    const [loop, [one, two, three]] = waiting(3);
    if (order === "easies first") { for (const easy of [one, two, three]) easy!.close(); }
    if (order === "mixed") two!.close();
    loop.multi.close();
    for (const easy of [three, one, two]) easy!.close();
    expect(loop.sockets.size).toBe(0);
  }
});

test("nothing stays behind: handles, blocks and lists are all given back", () => {
  const count = () => [easyCount.open, multiCount.open, live.blocks, live.lists];
  const before = count();
  for (let i = 0; i < 20; i++) {
    const [loop, easies] = waiting(3);
    for (const easy of easies) {
      loop.multi.removeHandle(easy);
      easy.setOpt("HTTPHEADER", ["X-A: b"]);
      loop.multi.addHandle(easy);
    }
    loop[Symbol.dispose]();
  }
  expect(count()).toEqual(before);
});

test("callbacks during close() see their values and their easy, or null for libcurl's own", () => {
  const [loop, easies] = waiting(2, ({ fd, what }, loop) => {
    if (what === FIRST) loop.multi.assign(fd, `value ${fd}`);
  });
  loop.multi.setOpt("SOCKETDATA", "client");
  loop.calls.length = 0;
  loop.multi.close();
  expect(loop.calls).toHaveLength(2);
  for (const { easy, fd, what, clientData, socketData } of loop.calls) {
    expect([...easies, null]).toContain(easy);
    expect({ what, clientData, socketData }).toEqual({
      what: POLL_REMOVE,
      clientData: "client",
      socketData: `value ${fd}`,
    });
  }
  for (const easy of easies) easy.close();
});

test("assign() in a callback during close() works", () => {
  const [loop, easies] = waiting(2, ({ fd }, loop) => {
    loop.multi.assign(fd, "again");
  });
  loop.multi.close();
  for (const easy of easies) easy.close();
});

test("what a callback throws during close() comes after the handle is closed", () => {
  const mine = new Error("in REMOVE");
  const [loop, easies] = waiting(3, ({ what }) => {
    if (what === POLL_REMOVE) throw mine;
  });
  const error = multiError(() => loop.multi.close());
  expect(error.cause).toBe(mine);
  expect(error.codeName).toBe("CURLM_ABORTED_BY_CALLBACK");
  expect(loop.multi.closed).toBe(true);
  expect(loop.calls.filter(({ what }) => what === POLL_REMOVE)).toHaveLength(3);
  for (const easy of easies) {
    reuse(easy);
    easy.close();
  }
});

test("what a callback throws during removeHandle() comes after the removal", () => {
  const mine = new Error("in REMOVE");
  const [loop, [gone, stays]] = waiting(2, ({ what }) => {
    if (what === POLL_REMOVE) throw mine;
  });
  expect(multiError(() => loop.multi.removeHandle(gone!)).cause).toBe(mine);
  expect(loop.multi.getHandles()).toEqual([stays]);
  reuse(gone!);
  expect(() => loop[Symbol.dispose]()).toThrow(CurlMultiError);
  gone!.close();
  stays!.close();
});

test("what a callback throws while an easy is closed comes after that is done", () => {
  const open = easyCount.open;
  const mine = new Error("in REMOVE");
  const [loop, [easy]] = waiting(1, ({ what }) => {
    if (what === POLL_REMOVE) throw mine;
  });
  expect(multiError(() => easy!.close()).cause).toBe(mine);
  expect(easy!.closed).toBe(true);
  expect(easyCount.open).toBe(open);
  expect(loop.multi.getHandles()).toEqual([]);
  loop.multi.close();
});

test("-1 during removeHandle() and close() does not stop them", () => {
  const [loop, [gone, stays]] = waiting(2, ({ what }) => what === POLL_REMOVE ? -1 : 0);
  loop.multi.removeHandle(gone!);
  expect(loop.multi.getHandles()).toEqual([stays]);
  loop.multi.close();
  expect(loop.multi.closed).toBe(true);
  gone!.close();
  stays!.close();
});

test("a timer callback that fails in removeHandle() or close() does not stop them", () => {
  for (
    const fail of [() => -1, () => {
      throw new Error("timer");
    }]
  ) {
    for (const end of ["remove", "easy", "multi"] as const) {
      let failed = 0, armed = false;
      const multi = new Multi(), easy = new Transfer(server.url("/hold"));
      multi.setOpt("TIMERFUNCTION", () => {
        if (!armed) return 0;
        failed++;
        return fail();
      });
      multi.addHandle(easy);
      multi.socketAction(-1, 0);
      armed = true;
      try {
        if (end === "remove") multi.removeHandle(easy);
        if (end === "easy") easy.close();
        if (end === "multi") multi.close();
      } catch (error) {
        expect(error).toMatchObject({ codeName: "CURLM_ABORTED_BY_CALLBACK" });
      }
      armed = false;
      expect(failed).toBe(1);
      if (end === "multi") expect(multi.closed).toBe(true);
      else expect(multi.getHandles()).toEqual([]);
      if (end === "easy") expect(easy.closed).toBe(true);
      else reuse(easy);
      multi.close();
      easy.close();
    }
  }
});

test("a callback that closes its multi or its easy is refused, and nothing is lost", () => {
  const codes: unknown[] = [];
  const note = (call: () => void) => {
    try {
      call();
      codes.push("done");
    } catch (error) {
      codes.push((error as CurlMultiError).codeName);
    }
  };
  using loop: Loop = new Loop();
  const easy: Transfer = new Transfer(server.url("/delay/20"), {
    WRITEFUNCTION: (bytes) => {
      note(() => loop.multi.close());
      note(() => easy.close());
      note(() => loop.multi.removeHandle(easy));
      return bytes.length;
    },
  });
  loop.add(easy).run();
  expect(codes).toEqual([
    "CURLM_RECURSIVE_API_CALL",
    "CURLE_RECURSIVE_API_CALL",
    "CURLM_RECURSIVE_API_CALL",
  ]);
  expect(loop.resultOf(easy)).toBe(0);
  expect(easy.getInfo("SIZE_DOWNLOAD_T")).toBe(98);
});
