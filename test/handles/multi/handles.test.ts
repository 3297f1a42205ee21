import { expect, test } from "vitest";
import { brokenMulti } from "../../../src/handles/invariants.ts";
import { multiCount } from "../../../src/handles/multi/multi.ts";
import { constants, CurlEasyError, Easy, Multi } from "../../../mod.ts";
import { multiCode, multiError, sleepSync, Transfer } from "./support.ts";
import { useServer } from "../../use.ts";

const server = useServer("http");

/** Runs all that is added to the end. */
function finish(multi: Multi): number[] {
  while (multi.perform() > 0) multi.poll([], 1000);
  return [...multi.messages()].map(({ result }) => result);
}

test("an easy added twice is CURLM_ADDED_ALREADY, and stays added once", () => {
  using multi = new Multi();
  using easy = new Transfer(server.url("/delay/20"));
  multi.addHandle(easy);
  const { code, codeName } = multiError(() => multi.addHandle(easy));
  expect({ code, codeName }).toEqual({ code: 7, codeName: "CURLM_ADDED_ALREADY" });
  expect(multi.getHandles()).toEqual([easy]);
  expect(finish(multi)).toEqual([0]);
});

test("an easy added to a second multi is CURLM_ADDED_ALREADY, and stays in the first", () => {
  using first = new Multi(), second = new Multi();
  using easy = new Transfer(server.url("/delay/20"));
  first.addHandle(easy);
  expect(multiCode(() => second.addHandle(easy))).toBe(constants.CURLM_ADDED_ALREADY);
  expect(second.getHandles()).toEqual([]);
  expect(finish(first)).toEqual([0]);
});

test("an easy can go from one multi to another once it is removed", () => {
  using first = new Multi(), second = new Multi();
  using easy = new Transfer(server.url("/delay/20"));
  first.addHandle(easy);
  expect(finish(first)).toEqual([0]);
  first.removeHandle(easy);
  second.addHandle(easy);
  expect(finish(second)).toEqual([0]);
  expect(easy.received).toBe(196);
});

test("an easy can be added again after removal, finished or not", () => {
  using multi = new Multi();
  using easy = new Transfer(server.url("/delay/30"));
  multi.addHandle(easy);
  multi.perform();
  multi.removeHandle(easy);
  multi.addHandle(easy);
  expect(finish(multi)).toEqual([0]);
  multi.removeHandle(easy);
  multi.addHandle(easy);
  expect(finish(multi)).toEqual([0]);
});

test("removing an easy that is not added is no error", () => {
  using multi = new Multi();
  using easy = new Easy();
  multi.removeHandle(easy);
  multi.addHandle(easy);
  multi.removeHandle(easy);
  multi.removeHandle(easy);
  expect(multi.getHandles()).toEqual([]);
});

test("removing another multi's easy is CURLM_BAD_EASY_HANDLE, and it stays there", () => {
  using owner = new Multi(), other = new Multi();
  using easy = new Transfer(server.url("/delay/20"));
  owner.addHandle(easy);
  expect(multiCode(() => other.removeHandle(easy))).toBe(constants.CURLM_BAD_EASY_HANDLE);
  expect(finish(owner)).toEqual([0]);
});

test("getHandles() gives the added easies and no others", () => {
  using multi = new Multi();
  const easies = [1, 2, 3].map(() => new Easy());
  expect(multi.getHandles()).toEqual([]);
  for (const easy of easies) multi.addHandle(easy);
  expect(new Set(multi.getHandles())).toEqual(new Set(easies));
  multi.removeHandle(easies[1]!);
  easies[0]!.close();
  expect(multi.getHandles()).toEqual([easies[2]]);
  for (const easy of easies) easy.close();
});

test("closing an easy takes it out of its multi first, in mid-transfer too", () => {
  using multi = new Multi();
  const stays = new Transfer(server.url("/delay/50")), goes = new Transfer(server.url("/hold"));
  multi.addHandle(stays);
  multi.addHandle(goes);
  multi.perform();
  goes.close();
  expect(goes.closed).toBe(true);
  expect(multi.getHandles()).toEqual([stays]);
  expect(finish(multi)).toEqual([0]);
  stays.close();
});

test("a closed easy, and what is no easy, is CURLM_BAD_EASY_HANDLE", () => {
  using multi = new Multi();
  const closed = new Easy();
  closed.close();
  for (const wrong of [closed, null, undefined, {}, 1, "easy", multi]) {
    expect(multiCode(() => multi.addHandle(wrong as Easy))).toBe(constants.CURLM_BAD_EASY_HANDLE);
    expect(multiCode(() => multi.removeHandle(wrong as Easy))).toBe(2);
  }
});

test("every call on a closed multi is CURLM_BAD_HANDLE", () => {
  const multi = new Multi();
  using easy = new Easy();
  multi.close();
  expect(multi.closed).toBe(true);
  const calls: Record<string, () => unknown> = {
    setOpt: () => multi.setOpt("MAXCONNECTS", 1),
    addHandle: () => multi.addHandle(easy),
    removeHandle: () => multi.removeHandle(easy),
    socketAction: () => multi.socketAction(-1, 0),
    socket: () => multi.socket(-1),
    socketAll: () => multi.socketAll(),
    assign: () => multi.assign(1, 1),
    timeout: () => multi.timeout(),
    infoRead: () => multi.infoRead(),
    messages: () => [...multi.messages()],
    perform: () => multi.perform(),
    wait: () => multi.wait(),
    poll: () => multi.poll(),
    wakeup: () => multi.wakeup(),
    fdset: () => multi.fdset(),
    waitfds: () => multi.waitfds(),
    getHandles: () => multi.getHandles(),
    getOffT: () => multi.getOffT(1),
    notifyEnable: () => multi.notifyEnable(0),
    notifyDisable: () => multi.notifyDisable(0),
  };
  for (const [name, call] of Object.entries(calls)) {
    const error = multiError(call);
    expect([name, error.code]).toEqual([name, constants.CURLM_BAD_HANDLE]);
    expect(error.message).toContain("closed");
  }
});

test("an easy in a multi refuses perform() and reset(), and its transfer goes on", () => {
  using multi = new Multi();
  using easy = new Transfer(server.url("/delay/30"));
  multi.addHandle(easy);
  multi.perform();
  expect(() => easy.perform()).toThrow(CurlEasyError);
  expect(() => easy.reset()).toThrow(CurlEasyError);
  expect(finish(multi)).toEqual([0]);
});

test("an easy that performs by itself cannot be added by its own callback", () => {
  using multi = new Multi();
  let code = 0;
  using easy = new Transfer(server.url("/delay/20"), {
    WRITEFUNCTION: (bytes) => {
      code = multiCode(() => multi.addHandle(easy));
      return bytes.length;
    },
  });
  easy.perform();
  expect(code).toBe(constants.CURLM_ADDED_ALREADY);
  multi.addHandle(easy);
  expect(finish(multi)).toEqual([0]);
});

test("an easy cannot be added by a callback of its send(), which would leave the multi -1 callbacks deep", () => {
  using multi = new Multi();
  const codes: number[] = [];
  using easy = new Transfer(server.url("/delay/20"), {
    VERBOSE: true,
    DEBUGFUNCTION: () => void codes.push(multiCode(() => multi.addHandle(easy))),
  });
  expect(() => easy.send(new Uint8Array(1))).toThrow(CurlEasyError);
  expect([...brokenMulti(multi)]).toEqual([]);
  expect(new Set(codes)).toEqual(new Set([constants.CURLM_ADDED_ALREADY]));
  easy.setOpt("DEBUGFUNCTION", null);
  easy.setOpt("VERBOSE", false);
  multi.addHandle(easy);
  expect(finish(multi)).toEqual([0]);
});

test("numbers of the wrong type are CURLM_BAD_FUNCTION_ARGUMENT", () => {
  using multi = new Multi();
  const call = (
    name: "socket" | "socketAction" | "assign" | "getOffT" | "notifyEnable",
    arg: unknown,
  ) => multiCode(() => (multi[name] as (...args: unknown[]) => unknown).call(multi, arg, 0));
  for (const wrong of [NaN, 1.5, "1", null, undefined, {}, 1n, 2 ** 31, -(2 ** 31) - 1]) {
    expect(call("socket", wrong)).toBe(constants.CURLM_BAD_FUNCTION_ARGUMENT);
    expect(call("socketAction", wrong)).toBe(10);
    expect(call("assign", wrong)).toBe(10);
    expect(call("getOffT", wrong)).toBe(10);
    expect(call("notifyEnable", wrong)).toBe(10);
    const mask = wrong as number;
    expect(multiCode(() => multi.socketAction(-1, mask))).toBe(10);
  }
});

test("socketAction() on a socket that libcurl does not know is CURLM_OK and ignored", () => {
  using multi = new Multi();
  for (const fd of [0, 3, 1000, 0x7fffffff]) expect(multi.socketAction(fd, 1)).toBe(0);
  using easy = new Transfer(server.url("/hold"), { TIMEOUT_MS: 1 });
  multi.addHandle(easy);
  for (let i = 0; i < 200 && multi.socketAction(1000, 0) > 0; i++) sleepSync(5);
  expect(multi.infoRead()?.result).toBe(28); // expired timers ran all the same
});

test("a thousand multis, made and closed, leave none behind", () => {
  const before = multiCount.open;
  for (let i = 0; i < 1000; i++) new Multi().close();
  expect(multiCount.open).toBe(before);
});
