// A signal ends a transfer at every stage, and its own reason is what the promise rejects with.
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Agent, type Easy, type EasyOptions } from "../../mod.ts";
import { useServer } from "../use.ts";
import { buildSlowResolver } from "../server/slow_resolver.ts";
import { easyFor, failure, get, inChild, outcome, sleep, until } from "./support.ts";
import { having, libcurl } from "../versions.ts";

const server = useServer("http", "silent");
let agent: Agent;
beforeEach(() => {
  agent = new Agent();
});
afterEach(() => agent.close());

/** A signal that counts its listeners. */
class CountedSignal {
  readonly controller: AbortController = new AbortController();
  readonly signal: AbortSignal = this.controller.signal;

  get listeners(): number {
    return getEventListeners(this.signal, "abort").length;
  }
}

const reason = { my: "reason" };

/** Aborts a transfer after a while; how long its promise took to reject then. */
async function abortAfter(ms: number, url: string): Promise<number> {
  const counted = new CountedSignal();
  using easy = easyFor(url);
  const running = failure(agent.perform(easy, { signal: counted.signal }));
  expect(counted.listeners).toBe(1);
  if (ms > 0) await sleep(ms);
  const started = performance.now();
  counted.controller.abort(reason);
  expect(await running).toBe(reason);
  expect(counted.listeners).toBe(0);
  expect(agent.active).toBe(0);
  return performance.now() - started;
}

test("a signal that has aborted already starts nothing", async () => {
  using easy = easyFor(server.url("/small"));
  const signal = AbortSignal.abort(reason);
  expect(await failure(agent.perform(easy, { signal }))).toBe(reason);
  expect(agent.active).toBe(0);
  await agent.perform(easy);
});

test("a transfer aborted in the same turn never starts", async () => {
  expect(await abortAfter(0, server.url("/small"))).toBeLessThan(100);
});

test("a transfer that waits for its answer is aborted", async () => {
  expect(await abortAfter(100, server.url("/hold"))).toBeLessThan(100);
});

test("a transfer to a server that never reads is aborted", async () => {
  expect(await abortAfter(100, `http://127.0.0.1:${server.silent}/`)).toBeLessThan(100);
});

test("a transfer is aborted while it connects", async () => {
  // a test network: nobody answers, or the system says at once that there is no route
  using easy = easyFor("http://192.0.2.1/");
  const controller = new AbortController();
  const running = outcome(agent.perform(easy, { signal: controller.signal }));
  controller.abort(reason);
  expect(await running).toEqual(["failed", reason]);
});

test("a transfer that receives is aborted, and no byte comes after", async () => {
  const controller = new AbortController();
  let bytes = 0;
  using easy = easyFor(server.url("/slow/1000/5"), {
    WRITEFUNCTION: (chunk) => {
      bytes += chunk.length;
      return chunk.length;
    },
  });
  const running = failure(agent.perform(easy, { signal: controller.signal }));
  await until(() => bytes >= 5);
  controller.abort(reason);
  const seen = bytes;
  expect(await running).toBe(reason);
  await sleep(50);
  expect(bytes).toBe(seen);
});

test("an abort after the end does nothing", async () => {
  const counted = new CountedSignal();
  using easy = easyFor(server.url("/small"));
  expect(await agent.perform(easy, { signal: counted.signal })).toBe(easy);
  expect(counted.listeners).toBe(0);
  counted.controller.abort(reason);
  await agent.perform(easy);
});

test("a failed transfer and a closed handle leave no listener", async () => {
  const counted = new CountedSignal(), { signal } = counted;
  using refused = easyFor("http://127.0.0.1:1/");
  await failure(agent.perform(refused, { signal }));
  expect(counted.listeners).toBe(0);
  const held = easyFor(server.url("/hold"));
  const running = failure(agent.perform(held, { signal }));
  await sleep(20);
  held.close();
  await running;
  expect(counted.listeners).toBe(0);
});

test("one signal aborts many transfers, and leaves others alone", async () => {
  const controller = new AbortController();
  const easies = Array.from({ length: 50 }, () => easyFor(server.url("/hold")));
  const { signal } = controller;
  const running = easies.map((easy) => failure(agent.perform(easy, { signal })));
  const other = get(agent, server.url("/delay/300"));
  await sleep(100);
  controller.abort(reason);
  expect(new Set(await Promise.all(running))).toEqual(new Set([reason]));
  expect(await other).toContain('"ok":true');
  for (const easy of easies) easy.close();
});

test("AbortSignal.timeout rejects with its TimeoutError", async () => {
  using easy = easyFor(server.url("/hold"));
  const signal = AbortSignal.timeout(100);
  const error = await failure(agent.perform(easy, { signal })) as DOMException;
  expect(error).toBe(signal.reason);
  expect(error.name).toBe("TimeoutError");
});

test("an aborted handle performs again", async () => {
  using easy = easyFor(server.url("/hold"));
  const controller = new AbortController();
  const running = failure(agent.perform(easy, { signal: controller.signal }));
  await sleep(20);
  controller.abort();
  expect(await running).toMatchObject({ name: "AbortError" });
  easy.setOpt("URL", server.url("/small"));
  await agent.perform(easy);
  expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
});

describe("an abort inside a callback", () => {
  type Act = (easy: Easy) => number;

  async function abortInside(option: keyof EasyOptions, path: string, act: Act): Promise<unknown> {
    const controller = new AbortController();
    let calls = 0;
    using easy: Easy = easyFor(server.url(path), { FRESH_CONNECT: 1 });
    const aborting = (chunk: Uint8Array) => {
      if (calls++ > 0) return chunk.length;
      controller.abort(reason);
      return act(easy);
    };
    easy.setOpt(option, aborting as never);
    const result = await failure(agent.perform(easy, { signal: controller.signal }));
    expect(agent.active).toBe(0);
    return result;
  }

  test("rejects with the reason where more of the body is to come", async () => {
    expect(await abortInside("WRITEFUNCTION", "/slow/1000/10", () => 1)).toBe(reason);
  });

  test("rejects with the reason where that was all of the body", async () => {
    expect(await abortInside("WRITEFUNCTION", "/small", () => 98)).toBe(reason);
  });

  test("rejects with the reason where the callback fails as well", async () => {
    expect(await abortInside("WRITEFUNCTION", "/small", () => 0)).toBe(reason);
    const fail = () => {
      throw new Error("as well");
    };
    expect(await abortInside("WRITEFUNCTION", "/small", fail)).toBe(reason);
  });

  test("rejects with the reason in other functions too", async () => {
    const firstLine = "HTTP/1.1 200 OK\r\n".length;
    expect(await abortInside("HEADERFUNCTION", "/small", () => firstLine)).toBe(reason);
    expect(await abortInside("SOCKOPTFUNCTION", "/small", () => 0)).toBe(reason);
    if (!having("PREREQFUNCTION").holds) return;
    expect(await abortInside("PREREQFUNCTION", "/small", () => 0)).toBe(reason);
  });

  test("rejects with the reason in the CLOSESOCKETFUNCTION", async () => {
    const controller = new AbortController();
    using easy = easyFor(server.url("/hold"));
    const running = failure(agent.perform(easy, { signal: controller.signal }));
    using closing = easyFor(server.url("/small"), {
      FORBID_REUSE: 1,
      CLOSESOCKETFUNCTION: () => controller.abort(reason),
    });
    await agent.perform(closing);
    expect(await running).toBe(reason);
    expect(agent.active).toBe(0);
    expect(await get(agent, server.url("/small"))).toContain('"ok":true');
  });

  test("aborts another transfer of the same agent", async () => {
    const controller = new AbortController();
    using held = easyFor(server.url("/hold"));
    const running = failure(agent.perform(held, { signal: controller.signal }));
    await get(agent, server.url("/small"), {
      HEADERFUNCTION: (chunk) => {
        controller.abort(reason);
        return chunk.length;
      },
    });
    expect(await running).toBe(reason);
  });
});

test.skipIf(!libcurl.quickExit.holds)(
  `a transfer is aborted at once while its name is looked up${libcurl.quickExit.note}`,
  async ({ skip }) => {
    const object = await buildSlowResolver();
    if (!object) return skip("no C compiler");
    const child = await inChild(
      `const agent = new Agent(), controller = new AbortController();
    const easy = easyFor("http://3000.slow.test:9/");
    const running = failure(agent.perform(easy, { signal: controller.signal }));
    await sleep(200);
    const started = performance.now();
    controller.abort("reason");
    say({ reason: await running, ms: performance.now() - started });
    easy.close();
    await agent.close();
    say(performance.now() - started);`,
      { env: { LD_PRELOAD: object } },
    );
    const [aborted, closed] = child.said as [{ reason: string; ms: number }, number];
    expect(child, child.stderr).toMatchObject({ code: 0 });
    expect(aborted.reason).toBe("reason");
    expect(aborted.ms).toBeLessThan(200);
    expect(closed).toBeLessThan(400);
  },
);
