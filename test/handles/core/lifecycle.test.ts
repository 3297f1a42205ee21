// close(), reset(), duplicate(), and what a closed handle says.
import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { live } from "../../../ffi/memory.ts";
import { constants, Easy, Multi, Share } from "../../../mod.ts";
import { easyCount, easyTokens } from "../../../src/handles/core/easy_state.ts";
import { useServer } from "../../use.ts";
import { codeOf, failure, get, header, Transfer } from "../easy_support.ts";

const server = useServer("http");

describe("close()", () => {
  test("frees the handle, its memory and its token, and is done once", () => {
    const before = [easyCount.open, live.blocks, live.lists, easyTokens.size];
    const easy = new Transfer(server.url("/small"), { HTTPHEADER: ["A: b"], POSTFIELDS: "body" });
    easy.perform();
    expect(easyCount.open).toBe(before[0]! + 1);
    expect(easy.closed).toBe(false);
    for (let i = 0; i < 3; i++) {
      easy.close();
      expect(easy.closed).toBe(true);
    }
    expect([easyCount.open, live.blocks, live.lists, easyTokens.size]).toEqual(before);
  });

  test("is what `using` does, on a throw too", () => {
    const handles: Easy[] = [];
    expect(() => {
      using easy = new Easy();
      handles.push(easy);
      throw new Error("out of the block");
    }).toThrow("out of the block");
    expect(handles.map((easy) => easy.closed)).toEqual([true]);
  });

  test("takes the handle out of its multi first", () => {
    using multi = new Multi();
    const easy = new Transfer(server.url("/hold"));
    multi.addHandle(easy);
    multi.perform();
    easy.close();
    expect(multi.getHandles()).toEqual([]);
    expect(multi.perform()).toBe(0);
  });
});

test("every method of a closed handle throws CURLE_BAD_FUNCTION_ARGUMENT", () => {
  const easy = new Easy();
  easy.close();
  const calls: Record<string, () => unknown> = {
    setOpt: () => easy.setOpt("URL", "x"),
    "setOpt of data": () => easy.setOpt("WRITEDATA", 1),
    "setOpt of a function": () => easy.setOpt("WRITEFUNCTION", null),
    "setOpt of PRIVATE": () => easy.setOpt("PRIVATE", 1),
    setOpts: () => easy.setOpts({ URL: "x" }),
    getInfo: () => easy.getInfo("RESPONSE_CODE"),
    "getInfo of PRIVATE": () => easy.getInfo("PRIVATE"),
    perform: () => easy.perform(),
    pause: () => easy.pause(0),
    reset: () => easy.reset(),
    duplicate: () => easy.duplicate(),
    upkeep: () => easy.upkeep(),
    send: () => easy.send(new Uint8Array(1)),
    recv: () => easy.recv(new Uint8Array(1)),
    headers: () => easy.headers(),
  };
  for (const [name, call] of Object.entries(calls)) {
    const { code, message } = failure(call);
    expect([name, code, message]).toEqual([name, 43, expect.stringContaining("closed")]);
  }
  using other = new Easy();
  expect(codeOf(() => other.setOpt("STREAM_DEPENDS", easy))).toBe(43);
});

test("a handle that is posted to another thread arrives as an object that can do nothing", () => {
  using easy = new Easy();
  using share = new Share();
  const arrived = structuredClone({ easy, share }) as unknown as { easy: Easy; share: Share };
  expect(() => arrived.easy.perform()).toThrow();
  expect(() => arrived.share.close()).toThrow();
  expect(() => Easy.prototype.perform.call(arrived.easy)).toThrow(TypeError);
  expect(codeOf(() => easy.setOpt("SHARE", arrived.share))).toBe(43);
  expect(codeOf(() => easy.setOpt("STREAM_DEPENDS", arrived.easy))).toBe(43);
});

describe("reset()", () => {
  test("sets every option back, and frees what they owned", () => {
    const { blocks, lists } = live;
    using easy = new Transfer(server.url("/echo"), {
      USERAGENT: "mine",
      HTTPHEADER: ["X-Old: 1"],
      POSTFIELDS: "body",
      PRIVATE: "value",
      HEADERFUNCTION: () => 0,
    });
    easy.reset();
    expect([live.blocks, live.lists]).toEqual([blocks + 1, lists]);
    expect(easy.getInfo("PRIVATE")).toBeNull();
    easy.setOpts({ URL: server.url("/echo"), NOPROXY: "*", WRITEFUNCTION: easy.write });
    const { json } = easy.run();
    expect(json.method).toBe("GET");
    expect(json.headers.flat()).not.toContain("X-Old");
    expect(header(json, "user-agent")).toBeUndefined();
  });

  test("keeps the connection and the cookies", () => {
    using easy = get(server.url("/cookies/set?kept=1"), { COOKIEFILE: "" });
    easy.reset();
    easy.setOpts({ URL: server.url("/cookies"), NOPROXY: "*", WRITEFUNCTION: easy.write });
    easy.perform();
    expect(easy.getInfo("NUM_CONNECTS")).toBe(0);
    expect(easy.text).toContain('{"kept":"1"}');
  });

  test("is refused while the handle is in a multi", () => {
    using multi = new Multi();
    using easy = new Transfer(server.url("/small"));
    multi.addHandle(easy);
    expect(failure(() => easy.reset())).toMatchObject({
      code: 43,
      message: expect.stringContaining("multi"),
    });
    multi.removeHandle(easy);
    easy.reset();
  });
});

describe("duplicate()", () => {
  test("has the same options, and later changes are not shared", () => {
    using easy = new Transfer(server.url("/echo"), {
      USERAGENT: "parent",
      HTTPHEADER: ["X-Parent: 1"],
      PRIVATE: { shared: true },
    });
    using copy = easy.duplicate();
    expect(copy).toBeInstanceOf(Easy);
    expect(copy.getInfo("PRIVATE")).toBe(easy.getInfo("PRIVATE"));
    copy.setOpt("USERAGENT", "copy");
    copy.perform(); // writes to the parent's text
    expect(easy.json.headers).toEqual(expect.arrayContaining([
      ["User-Agent", "copy"],
      ["X-Parent", "1"],
    ]));
  });

  test("its callbacks are called with the copy, and with its own data", () => {
    const seen: unknown[] = [];
    using easy = new Transfer(server.url("/small"), {
      VERBOSE: true,
      WRITEDATA: "parent",
      DEBUGDATA: "parent",
      DEBUGFUNCTION: (handle, _type, _bytes, data) => void seen.push(handle, data),
      WRITEFUNCTION: (bytes, data) => (seen.push(data), bytes.length),
    });
    using copy = easy.duplicate();
    copy.setOpt("WRITEDATA", "copy");
    copy.perform();
    expect(new Set(seen)).toEqual(new Set([copy, "parent", "copy"]));
    seen.length = 0;
    easy.perform();
    expect(new Set(seen)).toEqual(new Set([easy, "parent"]));
  });

  test("outlives its parent: POSTFIELDS, lists and STDERR stay valid", () => {
    const { blocks, lists } = live;
    const easy = new Transfer(server.url("/echo"), {
      POSTFIELDS: "p".repeat(500_000),
      HTTPHEADER: ["X-Kept: yes", "Expect:"],
      STDERR: "/dev/null",
      VERBOSE: true,
    });
    const copy = easy.duplicate();
    easy.close();
    expect([live.blocks, live.lists]).toEqual([blocks + 2, lists + 1]);
    for (let i = 0; i < 20; i++) new Transfer("", { POSTFIELDS: "q".repeat(500_000) }).close();
    copy.perform();
    const { length, headers, body } = easy.json;
    expect(length).toBe(500_000);
    expect(Buffer.from(body, "base64").every((byte: number) => byte === 0x70)).toBe(true);
    expect(headers).toContainEqual(["X-Kept", "yes"]);
    copy.close();
    expect([live.blocks, live.lists]).toEqual([blocks, lists]);
  });

  test("a parent that outlives the copy keeps its own too", () => {
    using easy = new Transfer(server.url("/echo"), { POSTFIELDS: "body", HTTPHEADER: ["A: b"] });
    easy.duplicate().close();
    expect(easy.run().json.length).toBe(4);
  });

  test("of a copy of a copy, made in a callback, works", () => {
    using easy = new Transfer(server.url("/small"), { POSTFIELDS: "x" });
    let copy: Easy | undefined;
    easy.setOpt("WRITEFUNCTION", (bytes) => {
      copy ??= easy.duplicate().duplicate();
      return bytes.length;
    });
    easy.perform();
    copy?.perform();
    copy?.close();
  });

  test("does not copy the share, as in libcurl", () => {
    const share = new Share();
    share.setOpt("SHARE", constants.CURL_LOCK_DATA_COOKIE);
    const easy = new Transfer(server.url("/small"), { SHARE: share });
    using copy = easy.duplicate();
    easy.close();
    share.close();
    copy.setOpt("URL", server.url("/small"));
    copy.perform();
  });
});
