// Memory that libcurl reads later has an owner: nothing is left behind, nothing goes too early.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { live } from "../../../ffi/memory.ts";
import { Easy, type EasyOptions } from "../../../mod.ts";
import { closeHookCount } from "../../../src/handles/core/close_hook.ts";
import { easyCount, easyTokens } from "../../../src/handles/core/easy_state.ts";
import { useServer } from "../../use.ts";
import { having } from "../../versions.ts";
import { codeOf, get, Transfer } from "../easy_support.ts";

const server = useServer("http");

const counters = () => ({
  blocks: live.blocks,
  lists: live.lists,
  easies: easyCount.open,
  tokens: easyTokens.size,
  hooks: closeHookCount(),
});

describe("the counters", () => {
  const OWNING: readonly [string, EasyOptions, EasyOptions][] = [
    ["lists", { HTTPHEADER: ["A: 1", "B: 2"] }, { HTTPHEADER: ["C: 3"] }],
    ["bodies", { POSTFIELDS: "one" }, { POSTFIELDS: new Uint8Array(3000) }],
    ["copied bodies", { COPYPOSTFIELDS: "one" }, { COPYPOSTFIELDS: "two" }],
    ["blobs", { SSLCERT_BLOB: new Uint8Array(10) }, { SSLCERT_BLOB: new Uint8Array(20) }],
    ["traces", { STDERR: "/dev/null" }, { STDERR: "/dev/null" }],
    ["strings", { USERAGENT: "one" }, { USERAGENT: "two" }],
    ["hooks", { CLOSESOCKETFUNCTION: () => {} }, { CLOSESOCKETFUNCTION: () => 0 }],
  ];

  test.each(OWNING)("stay where they were over set, replace and unset of %s", (_, one, two) => {
    using easy = new Easy();
    const before = counters();
    const none = Object.fromEntries(Object.keys(one).map((name) => [name, null]));
    easy.setOpts(one);
    const held = counters();
    for (let i = 0; i < 10; i++) {
      easy.setOpts(two);
      expect(counters()).toEqual(held);
      easy.setOpts(one);
    }
    easy.setOpts(none);
    expect(counters()).toEqual(before);
  });

  test.each(OWNING)("go back with reset() and close() where %s are set", (_, one) => {
    const start = counters();
    const easy = new Easy();
    const born = counters();
    easy.setOpts(one);
    easy.reset();
    expect(counters()).toEqual(born);
    easy.setOpts(one);
    easy.duplicate().close();
    easy.close();
    expect(counters()).toEqual(start);
  });

  test("do not move where a value is refused", () => {
    using easy = new Easy();
    const before = counters();
    for (let i = 0; i < 5; i++) {
      expect(codeOf(() => easy.setOpt("HTTPHEADER", ["fine", "N\0L"]))).toBe(43);
      expect(codeOf(() => easy.setOpt("STDERR", "/no/such/folder/file"))).toBe(43);
      expect(codeOf(() => easy.setOpt("POSTFIELDS", 5 as never))).toBe(43);
      expect(codeOf(() => easy.setOpt("URL", "x".repeat(9_000_000)))).toBe(43);
    }
    expect(counters()).toEqual(before);
  });

  test("are where they were after a thousand transfers with everything set", () => {
    const once = () => {
      using easy = new Transfer(server.url("/sink?hash=0"), {
        HTTPHEADER: ["X-A: 1"],
        POSTFIELDS: "body",
        HEADERFUNCTION: (line) => line.length,
        CLOSESOCKETFUNCTION: () => {},
        DEBUGFUNCTION: () => {},
        VERBOSE: true,
        PRIVATE: {},
      });
      easy.perform();
    };
    once();
    const before = counters(), { callbacks } = live;
    for (let i = 0; i < 1000; i++) once();
    expect(counters()).toEqual(before);
    expect(live.callbacks).toBe(callbacks);
  });

  test("native callbacks are one for each kind, however many handles there are", () => {
    const HEADERFUNCTION = (line: Uint8Array) => line.length;
    const easies = Array.from({ length: 200 }, () => new Transfer("", { HEADERFUNCTION }));
    const { callbacks } = live;
    for (const easy of easies) easy.setOpts({ HEADERFUNCTION: (line) => line.length });
    expect(live.callbacks).toBe(callbacks);
    for (const easy of easies) easy.close();
  });
});

describe("during a transfer", () => {
  /** Much garbage, so that freed memory is somebody else's at once. */
  const churn = () => {
    for (let i = 0; i < 30; i++) {
      using easy = new Easy();
      easy.setOpt("POSTFIELDS", new Uint8Array(1 << (10 + i % 12)).fill(0x21));
      easy.setOpt("HTTPHEADER", ["X-Garbage: " + "!".repeat(100 * i)]);
    }
  };

  test.each(["POSTFIELDS", "COPYPOSTFIELDS"] as const)(
    "%s cannot be replaced while it is sent, and arrives whole",
    (name) => {
      const body = Buffer.alloc(4_000_000, "The body that was set first. ");
      const codes: number[] = [];
      using easy = new Transfer(server.url("/sink"), {
        [name]: new Uint8Array(body),
        NOPROGRESS: false,
        XFERINFOFUNCTION: (_, _total, _now, _utotal, sent) => {
          if (sent === 0 || sent >= body.length || codes.length >= 5) return;
          const value = codes.length % 2 ? "x" : new Uint8Array(5_000_000);
          codes.push(codeOf(() => easy.setOpt(name, value)));
          churn();
        },
      });
      const before = live.blocks;
      easy.perform();
      expect(new Set(codes)).toEqual(new Set([93]));
      expect(easy.json).toEqual({
        bytes: body.length,
        sha256: createHash("sha256").update(body).digest("hex"),
      });
      expect(live.blocks).toBe(before);
    },
  );

  test("no option that owns something can be replaced or unset in any callback", () => {
    const codes = new Set<number>(), names = ["HTTPHEADER", "PROXYHEADER", "RESOLVE"] as const;
    const replace = () => {
      for (const name of [...names, "CONNECT_TO", "STDERR"] as const) {
        codes.add(codeOf(() => easy.setOpt(name, null)));
      }
      codes.add(codeOf(() => easy.setOpt("HTTPHEADER", ["A: b"])));
      churn();
    };
    using easy = new Transfer(server.url("/stream/3/5"), {
      HTTPHEADER: ["A: b"],
      RESOLVE: ["x:1:127.0.0.1"],
      STDERR: "/dev/null",
      VERBOSE: true,
      NOPROGRESS: false,
      XFERINFOFUNCTION: replace,
      HEADERFUNCTION: (line) => (replace(), line.length),
      WRITEFUNCTION: (bytes) => (replace(), bytes.length),
      SOCKOPTFUNCTION: replace,
      ...(having("PREREQFUNCTION").holds && { PREREQFUNCTION: replace }),
    });
    const { lists } = live;
    easy.perform();
    expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
    expect([...codes]).toEqual([93]);
    expect(live.lists).toBe(lists);
  });

  test("every callback may be unset in every callback", () => {
    const names = [
      "XFERINFOFUNCTION",
      "HEADERFUNCTION",
      "SOCKOPTFUNCTION",
      "PREREQFUNCTION",
      "OPENSOCKETFUNCTION",
      "CLOSESOCKETFUNCTION",
      "DEBUGFUNCTION",
    ] as const;
    for (const first of names.filter((name) => having(name).holds)) {
      let calls = 0;
      const unset = (value?: unknown) => {
        calls++;
        for (const name of names) if (having(name).holds) easy.setOpt(name, null);
        return first === "HEADERFUNCTION" ? (value as Uint8Array).length : undefined;
      };
      using easy = new Transfer(server.url("/small"), {
        NOPROGRESS: false,
        VERBOSE: first === "DEBUGFUNCTION",
        STDERR: "/dev/null",
        FORBID_REUSE: true,
        [first]: unset,
      });
      easy.perform();
      expect([first, calls > 0, easy.text.length]).toEqual([first, true, 98]);
    }
  });
});

test("what a callback gets may be kept by copying it, and the view itself is never C's memory", () => {
  const views: Uint8Array[] = [];
  using easy = new Transfer(server.url("/bytes/100000"), {
    WRITEFUNCTION: (bytes) => (views.push(bytes), bytes.length),
  });
  easy.perform();
  easy.close();
  for (let i = 0; i < 20; i++) get(server.url("/bytes/50000")).close();
  for (const view of views) view.fill(1); // no crash: a buffer of JS
  expect(views.length).toBeGreaterThan(1);
});

test("a long list takes a time that grows with its length", () => {
  using easy = new Easy();
  const timeOf = (length: number) => {
    const lines = Array.from({ length }, (_, i) => `X-${i}: ${i}`), from = performance.now();
    easy.setOpt("HTTPHEADER", lines);
    return performance.now() - from;
  };
  timeOf(1000);
  // by walks to the end it was 12 s
  expect(timeOf(100_000)).toBeLessThan(3000);
});
