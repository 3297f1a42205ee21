// HTTP/2 server push, as far as the callback. libcurl asks for pushes only where PUSHFUNCTION is set.
import { beforeEach, expect, test } from "vitest";
import { easyCount, easyTokens } from "../../../src/handles/core/easy_state.ts";
import { constants, type Easy, Multi, type PushHeaders } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { type Loop, multiCode } from "./support.ts";
import { pushing, pushLoop } from "./push_support.ts";

const { CURL_PUSH_DENY } = constants;

const server = useServer("h2");
beforeEach(() => {
});

test("the callback gets parent, new easy, number of headers, headers and PUSHDATA", () => {
  const calls: unknown[][] = [];
  const found: Record<string, unknown> = {};
  const data = { data: true };
  using loop = pushLoop((...args) => {
    calls.push(args);
    const [, , count, headers] = args;
    for (const name of [":path", ":scheme", ":method", "x-number", "nope", "a\0b", ""]) {
      found[name] = headers.byName(name);
    }
    found["all"] = Array.from({ length: count }, (_, i) => headers.byNumber(i));
    found["beyond"] = [count, -1, 1.5, NaN].map((i) => headers.byNumber(i));
    return CURL_PUSH_DENY;
  });
  loop.multi.setOpt("PUSHDATA", data);
  const main = pushing(server);
  loop.add(main).run();
  expect(calls).toHaveLength(1);
  expect(calls[0]![0]).toBe(main);
  expect(calls[0]![4]).toBe(data);
  expect(found).toMatchObject({
    ":path": "/pushed/0",
    ":scheme": "https",
    ":method": "GET",
    "x-number": "0",
    nope: null,
    "a\0b": null,
    "": null,
    beyond: [null, null, null, null],
  });
  expect(found["all"]).toContain(":path:/pushed/0");
});

test("headers can be read during the callback only", () => {
  let kept: PushHeaders | undefined;
  using loop = pushLoop((_parent, _easy, _count, headers) => {
    kept = headers;
    return CURL_PUSH_DENY;
  });
  loop.add(pushing(server)).run();
  expect(kept!.byName(":path")).toBe(null);
  expect(kept!.byNumber(0)).toBe(null);
});

test("a denied push is closed, and the parent goes on", () => {
  const open = easyCount.open, tokens = easyTokens.size;
  {
    const denied: Easy[] = [];
    using loop = pushLoop((_parent, easy) => {
      denied.push(easy);
      return CURL_PUSH_DENY;
    });
    const main = pushing(server, "/push/3");
    loop.add(main).run();
    expect(loop.resultOf(main)).toBe(0);
    expect(denied).toHaveLength(3);
    for (const easy of denied) {
      expect(easy.closed).toBe(true);
      expect(() => easy.setOpt("TIMEOUT_MS", 1)).toThrow("closed");
      easy.close();
    }
    expect(loop.multi.getHandles()).toEqual([main]);
  }
  expect([easyCount.open, easyTokens.size]).toEqual([open, tokens]);
});

test("a throw, and a result that is no integer, deny the push and are the cause of the call", () => {
  const thrown = new Error("mine");
  const wrong: [() => unknown, unknown][] = [
    [() => {
      throw thrown;
    }, thrown],
    [() => Promise.resolve(0), expect.any(TypeError)],
    [() => "ok", expect.any(TypeError)],
  ];
  for (const [answer, cause] of wrong) {
    let offered: Easy | undefined;
    using loop = pushLoop((_parent, easy) => {
      offered = easy;
      return answer() as number;
    });
    const main = pushing(server);
    loop.add(main);
    expect(() => loop.run()).toThrow(expect.objectContaining({ cause }));
    expect(offered?.closed).toBe(true);
    loop.run(); // the other transfers go on
    expect(loop.resultOf(main)).toBe(0);
  }
});

test(
  "in the callback the offered easy takes options, but can be neither closed, nor run, nor added",
  () => {
    const codes: number[] = [];
    using other = new Multi();
    using loop: Loop = pushLoop((_parent, easy) => {
      easy.setOpt("PRIVATE", "offered");
      expect(easy.getInfo("PRIVATE")).toBe("offered");
      for (const call of [() => easy.close(), () => easy.reset(), () => easy.perform()]) {
        try {
          call();
          codes.push(0);
        } catch (error) {
          codes.push((error as { code: number }).code);
        }
      }
      codes.push(multiCode(() => other.addHandle(easy)));
      codes.push(multiCode(() => loop.multi.addHandle(easy)));
      codes.push(multiCode(() => loop.multi.close()));
      return CURL_PUSH_DENY;
    });
    loop.add(pushing(server)).run();
    expect(codes).toEqual([93, 93, 93, constants.CURLM_ADDED_ALREADY, 8, 8]);
  },
);
