// A signal ends a fetch at every phase, with its own reason, and nothing is left.
import { getEventListeners } from "node:events";
import { beforeAll, describe, expect, test } from "vitest";
import { live } from "../../../ffi/memory.ts";
import { idleHandles } from "../../../src/http/transfer/handle_pool.ts";
import { easyCount } from "../../../src/handles/core/easy_state.ts";
import { defaultAgent } from "../../../src/http/default_agent.ts";
import { fetch } from "../../../src/http/fetch.ts";
import type { FetchInit } from "../../../src/http/request/plan.ts";
import { buildSlowResolver } from "../../server/slow_resolver.ts";
import { useServer } from "../../use.ts";
import { inChild } from "../child.ts";
import { descriptors, failure, get, sleep, until } from "../support.ts";
import { libcurl } from "../../versions.ts";

const server = useServer("http", "silent", "h2");
beforeAll(async () => {
  await (await get(server.url("/small"))).text();
});

const reason = { my: "reason" };

/** What would have waited for something would have waited longer, in ms. */
const SOON = 1000;

/** A signal that counts its listeners. */
class Counted {
  readonly controller: AbortController = new AbortController();
  readonly signal: AbortSignal = this.controller.signal;

  get listeners(): number {
    return getEventListeners(this.signal, "abort").length;
  }
}

/** What is alive, but for handles that are kept for later, each with a place for error texts. */
const left = () => {
  const idle = idleHandles(defaultAgent()), { active } = defaultAgent();
  return { easies: easyCount.open - idle, blocks: live.blocks - idle, lists: live.lists, active };
};

/** Aborts a fetch after a while: how long the rejection took then. Nothing may be left. */
async function abortAfter(ms: number, url: string, init: FetchInit = {}): Promise<number> {
  const before = left(), counted = new Counted();
  const running = failure(fetch(url, { ...init, signal: counted.signal }));
  await sleep(ms);
  expect(counted.listeners).toBe(1);
  const started = performance.now();
  counted.controller.abort(reason);
  expect(await running).toBe(reason);
  const took = performance.now() - started;
  expect(counted.listeners).toBe(0);
  await until(() => left().easies === before.easies);
  expect(left()).toEqual(before);
  return took;
}

/** A body that never ends. */
function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65536)) });
}

describe("an abort", () => {
  test("before the call rejects at once, and nothing is sent", async () => {
    const before = left(), signal = AbortSignal.abort(reason);
    expect(await failure(fetch("http://127.0.0.1:1/", { signal }))).toBe(reason);
    expect(await failure(fetch("data:,x", { signal }))).toBe(reason);
    expect(left()).toEqual(before);
  });

  test("right after the call rejects", async () => {
    const controller = new AbortController(), { signal } = controller;
    const running = failure(fetch(server.url("/small"), { signal }));
    controller.abort(reason);
    expect(await running).toBe(reason);
  });

  test("while it waits for TLS", async () => {
    expect(await abortAfter(50, `https://127.0.0.1:${server.silent}/`)).toBeLessThan(SOON);
  });

  test("while it sends", async () => {
    const init = { method: "POST", body: endless() };
    expect(await abortAfter(100, `http://127.0.0.1:${server.silent}/`, init)).toBeLessThan(SOON);
    const stuck = new ReadableStream<Uint8Array>();
    const waiting = { method: "POST", body: stuck };
    expect(await abortAfter(50, server.url("/echo"), waiting)).toBeLessThan(SOON);
  });

  test("while it waits for the answer", async () => {
    expect(await abortAfter(50, server.url("/hold"))).toBeLessThan(SOON);
  });

  const { negotiates } = libcurl;
  test.skipIf(!negotiates.holds)(`and on HTTP/2${negotiates.note}`, async () => {
    const init = { curl: { CAINFO: server.ca } };
    expect(await abortAfter(100, server.url("/hold", "h2"), init)).toBeLessThan(SOON);
  });

  test("while it follows a redirect", async () => {
    const to = (path: string) => server.url(`/redirect-to?url=${encodeURIComponent(path)}`);
    expect(await abortAfter(50, to("/hold"))).toBeLessThan(SOON);
    for (let ms = 0; ms < 10; ms++) await abortAfter(ms, to(to("/hold")));
  });

  test("while it receives fails the body with the reason, read or not", async () => {
    for (const path of ["/slow/1000/10", "/bytes/2147483648"]) {
      for (const read of [0, 1]) {
        const before = left(), counted = new Counted(), { signal } = counted;
        const response = await fetch(server.url(path), { signal });
        const reader = response.body!.getReader();
        for (let i = 0; i < read; i++) await reader.read();
        await sleep(30);
        const pending = read ? reader.read() : null;
        counted.controller.abort(reason);
        await pending?.catch(() => {}); // it may have been there already
        await sleep(0);
        expect(await failure(reader.read())).toBe(reason);
        expect(await failure(reader.closed)).toBe(reason);
        expect(counted.listeners).toBe(0);
        await until(() => left().easies === before.easies);
        expect(left()).toEqual(before);
      }
    }
  });

  test("while text() reads rejects that", async () => {
    const controller = new AbortController(), { signal } = controller;
    const response = await fetch(server.url("/slow/1000/10"), { signal });
    const reading = failure(response.text());
    await sleep(30);
    controller.abort(reason);
    expect(await reading).toBe(reason);
  });

  test("after the end does nothing", async () => {
    const counted = new Counted();
    const response = await fetch(server.url("/small"), { signal: counted.signal });
    expect((await response.text()).length).toBe(98);
    expect(counted.listeners).toBe(0);
    counted.controller.abort(reason);
    expect((await get(server.url("/small"))).status).toBe(200);
  });

  test("without a reason is an AbortError, and a timeout's a TimeoutError", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    const aborted = await failure(fetch(server.url("/hold"), { signal: controller.signal }));
    expect(aborted).toMatchObject({ name: "AbortError" });
    const signal = AbortSignal.timeout(50);
    const late = await failure(fetch(server.url("/hold"), { signal }));
    expect(late).toBe(signal.reason);
    expect(late).toMatchObject({ name: "TimeoutError" });
  });

  test("of many at once, again and again, leaves no descriptor", async () => {
    const round = async () => {
      const controller = new AbortController(), { signal } = controller;
      const paths = ["/hold", "/slow/1000/10", "/bytes/100000000", "/redirect/5", "/small"];
      const running = Array.from({ length: 50 }, async (_, i) => {
        const response = await fetch(server.url(paths[i % 5] as string), { signal });
        await response.bytes();
      });
      const settled = Promise.allSettled(running);
      await sleep(Math.random() * 30);
      controller.abort(reason);
      for (const result of await settled) {
        if (result.status === "rejected") expect(result.reason).toBe(reason);
      }
    };
    const before = left();
    await round();
    await sleep(50);
    const open = descriptors("socket");
    for (let i = 0; i < 10; i++) await round();
    await until(() => left().easies === before.easies);
    await sleep(50);
    expect(left()).toEqual(before);
    expect(descriptors("socket")).toBeLessThanOrEqual(open + 25); // idle connections are kept
  });
});

test.skipIf(!libcurl.quickExit.holds)(
  `a fetch is aborted at once while the name is looked up${libcurl.quickExit.note}`,
  async ({ skip }) => {
    const object = await buildSlowResolver();
    if (!object) return skip("no C compiler");
    const child = await inChild(
      server,
      `const controller = new AbortController(), { signal } = controller;
    const running = failure(fetch("http://3000.slow.test:9/", { signal }));
    await sleep(200);
    const started = performance.now();
    controller.abort("reason");
    say([await running, performance.now() - started]);
    process.exit(0);`,
      { env: { LD_PRELOAD: object } },
    );
    expect(child, child.stderr).toMatchObject({ code: 0 });
    const [why, ms] = child.said[0] as [string, number];
    expect(why).toBe("reason");
    expect(ms).toBeLessThan(SOON);
  },
);

test("a signal that is none is refused", async () => {
  for (const signal of ["x", {}, 5]) {
    const init = { signal } as unknown as FetchInit;
    expect(await failure(get(server.url("/small"), init))).toBeInstanceOf(TypeError);
  }
  expect((await get(server.url("/small"), { signal: null })).status).toBe(200);
});
