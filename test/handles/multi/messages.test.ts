import { expect, test } from "vitest";
import { constants, CurlEasyError, Multi } from "../../../mod.ts";
import { Loop, sleepSync, SOCKET_TIMEOUT, Transfer } from "./support.ts";
import { useServer } from "../../use.ts";

const server = useServer("http");

test("infoRead() is null while nothing has finished, and again after the last message", () => {
  using multi = new Multi();
  expect(multi.infoRead()).toBe(null);
  using easy = new Transfer(server.url("/delay/20"));
  multi.addHandle(easy);
  expect(multi.infoRead()).toBe(null);
  while (multi.perform() > 0) multi.poll([], 1000);
  expect(multi.infoRead()).toEqual({ easy, result: 0, error: null });
  expect(multi.infoRead()).toBe(null);
});

test("messages() gives all finished transfers, and none twice", () => {
  using multi = new Multi();
  const easies = [1, 2, 3].map(() => new Transfer(server.url("/delay/20")));
  for (const easy of easies) multi.addHandle(easy);
  while (multi.perform() > 0) multi.poll([], 1000);
  expect(new Set([...multi.messages()].map(({ easy }) => easy))).toEqual(new Set(easies));
  expect([...multi.messages()]).toEqual([]);
  for (const easy of easies) easy.close();
});

test("a failed transfer's error has the code, curl's name for it, and libcurl's own words", () => {
  using loop = new Loop();
  const easy = new Transfer("http://127.0.0.1:1/");
  loop.add(easy).run();
  const [{ result, error }] = loop.messages as [typeof loop.messages[0]];
  expect(result).toBe(constants.CURLE_COULDNT_CONNECT);
  expect(error).toBeInstanceOf(CurlEasyError);
  expect(error).toMatchObject({ code: 7, codeName: "CURLE_COULDNT_CONNECT" });
  expect(error?.message).toContain("127.0.0.1");
  expect(error?.cause).toBeUndefined();
});

test("a finished handle stays added until it is removed", () => {
  using loop = new Loop();
  const easy = new Transfer(server.url("/delay/20"));
  loop.add(easy).run();
  expect(loop.multi.getHandles()).toEqual([easy]);
  expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
});

test("the message of a removed handle is gone", () => {
  using multi = new Multi();
  using easy = new Transfer(server.url("/delay/20")), other = new Transfer(server.url("/small"));
  multi.addHandle(easy);
  multi.addHandle(other);
  while (multi.perform() > 0) multi.poll([], 1000);
  multi.removeHandle(easy);
  expect([...multi.messages()].map((message) => message.easy)).toEqual([other]);
});

test("what an easy callback threw is the cause in its message, and no call throws it", () => {
  using loop = new Loop();
  const thrown = new RangeError("mine");
  const failing = new Transfer(server.url("/bytes/1000"), {
    WRITEFUNCTION: () => {
      throw thrown;
    },
  });
  const fine = new Transfer(server.url("/delay/250"));
  loop.add(failing, fine).run();
  const message = loop.messages.find(({ easy }) => easy === failing);
  expect(message?.result).toBe(constants.CURLE_WRITE_ERROR);
  expect(message?.error?.cause).toBe(thrown);
  expect(loop.resultOf(fine)).toBe(0);
});

test("each transfer has its own cause, even a thrown undefined or string", () => {
  using loop = new Loop();
  const easies = ["text", null, 0].map((thrown) =>
    new Transfer(server.url("/delay/20"), {
      HEADERFUNCTION: () => {
        throw thrown;
      },
    })
  );
  loop.add(...easies).run();
  const causes = easies.map((easy) => loop.messages.find((m) => m.easy === easy)?.error?.cause);
  expect(causes).toEqual(["text", null, 0]);
});

test("what a callback threw in an aborted transfer is not the cause of the next error", () => {
  using loop = new Loop();
  let fail = true;
  const easy = new Transfer(server.url("/delay/20"), {
    WRITEFUNCTION: (bytes) => {
      if (fail) throw new Error("the first time");
      return bytes.length;
    },
  });
  loop.multi.addHandle(easy);
  while (loop.multi.perform() > 0) loop.multi.poll([], 1000);
  loop.multi.removeHandle(easy); // nobody asked how it ended
  fail = false;
  loop.add(easy).run();
  expect(loop.messages.at(-1)).toEqual({ easy, result: 0, error: null });
  loop.multi.removeHandle(easy);
  easy.perform();
});

test("closing an easy whose failure was not read by messages() does not throw that failure", () => {
  using multi = new Multi();
  const easy = new Transfer(server.url("/delay/20"), {
    WRITEFUNCTION: () => {
      throw new Error("old");
    },
  });
  multi.addHandle(easy);
  while (multi.perform() > 0) multi.poll([], 1000);
  multi.removeHandle(easy);
  easy.close();
  expect(easy.closed).toBe(true);
});

test("timeout() is -1 without a transfer, 0 when one was added, then the time that is left", () => {
  using multi = new Multi();
  expect(multi.timeout()).toBe(-1);
  using easy = new Transfer(server.url("/hold"), {
    HAPPY_EYEBALLS_TIMEOUT_MS: 4000,
    TIMEOUT_MS: 3000,
  });
  multi.addHandle(easy);
  expect(multi.timeout()).toBe(0);
  for (let i = 0; i < 10; i++) {
    multi.socketAction(SOCKET_TIMEOUT, 0);
    multi.socketAll();
    sleepSync(10);
  }
  const left = multi.timeout();
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(3000);
  multi.removeHandle(easy);
  expect(multi.timeout()).toBe(-1);
});

test("the count of running transfers is right where the timer callback asks for messages", () => {
  const counts: number[] = [];
  using loop = new Loop(undefined, (multi) => {
    multi.infoRead(); // stores a count of its own
    multi.getHandles()[0]?.getInfo("RESPONSE_CODE");
    multi.getHandles()[0]?.getInfo("TOTAL_TIME_T");
  });
  loop.act = (fd, mask) => {
    counts.push(loop.multi.socketAction(fd, mask));
    return counts.at(-1)!;
  };
  loop.add(...[60, 120, 180].map((ms) => new Transfer(server.url(`/delay/${ms}`))));
  loop.run(() => counts.at(-1) === 0);
  expect([...new Set(counts)]).toEqual([3, 2, 1, 0]);
});
